export type { Env, Timer } from './env.ts'
export { orAborted } from './or-aborted.ts'
export { sleep } from './sleep.ts'
export { createSystemEnv } from './system-env.ts'
