import { describeSinkProcess } from './process-suite.ts'

describeSinkProcess('embedded', { kills: 4 })
