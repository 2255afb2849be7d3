import { describeOrchestrator } from './orchestrator-suite.ts'

describeOrchestrator('kafka')
