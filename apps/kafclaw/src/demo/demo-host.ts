import { type Host, openHost, readSettings } from '@kafclaw/runtime'
import { createLogger, noMetrics } from '@kafclaw/telemetry'
import type { Invocation } from '../invocation.ts'

/**
 * The host of a demo: settings of its own and nothing of the user's, so that it shows the same everywhere; the model is
 * the offline one. Only errors are logged.
 */
export function openDemoHost({ env }: Pick<Invocation, 'env'>, variables: Readonly<Record<string, string>>): Host {
  const { values: settings } = readSettings(variables)
  return openHost({
    env,
    settings,
    logger: createLogger({ service: 'kafclaw', level: 'fatal' }),
    metrics: noMetrics(),
    clientId: 'kafclaw-demo',
  })
}
