export { rewriteTimeline } from './rewrite-timeline.ts'
export { createTestGroup, type TestForm, type TestGroup } from './test-group.ts'
