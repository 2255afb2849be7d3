import { type Host, keepMemberId, openHost, readSettings } from '@kafclaw/runtime'
import { createLogger, noMetrics } from '@kafclaw/telemetry'
import type { Invocation } from '../invocation.ts'

/**
 * The way to the group for a command that ends: the log that the settings name, with warnings told to the person and
 * nothing but errors logged. Dispose of it.
 */
export function openGroup({ io, env, output, overrides }: Invocation): Host {
  const { values: settings, origins, warnings } = readSettings(io.variables, overrides)
  for (const warning of warnings) output.warn(warning)
  const level = origins.logLevel === 'default' ? 'error' : settings.logLevel
  return openHost({
    env,
    logger: createLogger({ service: 'kafclaw', level }),
    metrics: noMetrics(),
    settings,
    clientId: 'kafclaw-cli',
  })
}

/** The id of the agent of this machine. */
export function ownAgentId({ settings, data, env }: Host): string {
  return settings.agentId ?? keepMemberId(data, 'agent', env)
}

/**
 * The id under which commands send: not that of the agent itself, whose every record has a row in the timeline of its
 * process; a command keeps no timeline.
 */
export function commandSenderId(host: Host): string {
  return `${ownAgentId(host)}-cli`
}
