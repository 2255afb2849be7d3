import { runServiceProcess } from '@kafclaw/runtime'
import { agentOptions, variables } from './config.ts'
import { createAgentWorker } from './service.ts'

process.exitCode = await runServiceProcess({
  name: 'agent-worker',
  variables,
  create: (host) => createAgentWorker(host, agentOptions(host)),
})
process.exit()
