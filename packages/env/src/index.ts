export { createSystemEnv } from './system-env.ts'
export type { Env, Timer } from './env.ts'
export { sleep } from './sleep.ts'
