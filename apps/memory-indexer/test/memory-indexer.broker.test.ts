import { describeIndexer } from './indexer-suite.ts'
import { describeIndexerProcess } from './process-suite.ts'

describeIndexer('kafka')
describeIndexerProcess('kafka')
