import { runServiceProcess } from '@kafclaw/runtime'
import { variables } from './config.ts'
import { createMemoryIndexer } from './service.ts'

process.exitCode = await runServiceProcess({
  name: 'memory-indexer',
  args: process.argv.slice(2),
  variables,
  create: createMemoryIndexer,
})
process.exit()
