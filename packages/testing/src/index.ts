export { sharedBrokers } from './settings.ts'
export { type TempDir, tempDir } from './temp-dir.ts'
export { uniqueName } from './unique-name.ts'
