import { describeAgents } from './agents-suite.ts'

describeAgents('kafka')
