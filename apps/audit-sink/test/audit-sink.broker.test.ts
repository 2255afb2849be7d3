import { describeAudit } from './audit-suite.ts'
import { describeSinkProcess } from './process-suite.ts'

describeAudit('kafka')
describeSinkProcess('kafka', { kills: 2 })
