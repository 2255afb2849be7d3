export { createVirtualEnv, type VirtualEnv } from './virtual-env.ts'
