import { runServiceProcess } from '@kafclaw/runtime'
import { variables } from './config.ts'
import { createOrchestrator } from './service.ts'

process.exitCode = await runServiceProcess({
  name: 'orchestrator',
  args: process.argv.slice(2),
  variables,
  create: (host) => createOrchestrator(host),
})
process.exit()
