import { describeOrchestrator } from './orchestrator-suite.ts'

describeOrchestrator('embedded')
