export { createTestGroup, type TestForm, type TestGroup } from './test-group.ts'
