import { createAgentWorker } from '@kafclaw/agent-worker'
import { createSystemEnv } from '@kafclaw/env'
import { createScriptedModel } from '@kafclaw/llm'
import { openHost, readSettings } from '@kafclaw/runtime'
import { createLogger, createMetrics } from '@kafclaw/telemetry'
import { readUsage } from './usage.ts'

/** The worker under measurement: the real agent worker, with a model that answers at once. */
const { values: settings } = readSettings(process.env)
const env = createSystemEnv()
const host = openHost({
  env,
  settings,
  clientId: 'bench-worker',
  metrics: createMetrics(),
  logger: createLogger({ service: 'bench-worker', level: settings.logLevel }),
})
const worker = createAgentWorker(host, {
  agentId: settings.agentId ?? 'bench-worker',
  skills: ['chat'],
  concurrency: settings.concurrency,
  instructions: 'Answer.',
  model: createScriptedModel(() => 'ok'),
  recall: null,
})
worker.ended.then(
  (end) => process.exit(end.reason === 'stopped' ? 0 : 1),
  () => process.exit(1),
)
await worker.whenReady()
process.send?.('ready')
process.on('message', (asked) => process.send?.(readUsage({ collect: asked === 'collect' })))
process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => void worker.stop())
