import { describeForeignLog } from './foreign-log-suite.ts'

describeForeignLog('kafka')
