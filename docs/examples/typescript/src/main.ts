import { agentOptions, createAgentWorker } from '@kafclaw/agent-worker'
import { runServiceProcess } from '@kafclaw/runtime'
import { shopUrl, variables } from './config.ts'
import { createOrderTool } from './order-tool.ts'
import { createStandInModel } from './stand-in-model.ts'

/** An agent with one tool more than every agent has. */
process.exitCode = await runServiceProcess({
  name: 'agent-worker',
  args: process.argv.slice(2),
  variables,
  create(host) {
    const options = agentOptions(host)
    const model = host.settings.modelUrl === null ? createStandInModel() : options.model
    return createAgentWorker(host, { ...options, model, tools: [createOrderTool(shopUrl)] })
  },
})
process.exit()
