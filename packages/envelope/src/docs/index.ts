export { generateSchemas } from './schemas.ts'
export { findWireDocProblems } from './wire-page.ts'
