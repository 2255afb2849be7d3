export { createFaultProxy, type FaultProxy, type Passing, withError } from './fault-proxy.ts'
export { sharedBrokers } from './settings.ts'
export { type TempDir, tempDir } from './temp-dir.ts'
export { uniqueName } from './unique-name.ts'
