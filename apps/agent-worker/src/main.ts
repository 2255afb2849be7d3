import { runServiceProcess } from '@kafclaw/runtime'
import { agentOptions, variables } from './config.ts'
import { createAgentWorker } from './service.ts'

process.exitCode = await runServiceProcess({
  name: 'agent-worker',
  args: process.argv.slice(2),
  variables,
  create: (host) => createAgentWorker(host, agentOptions(host)),
})
process.exit()
