import type { Host } from '@kafclaw/runtime'

/** The only place where this service sees its environment. */
export const variables = process.env

/** The id under which it takes part in its group; a second orchestrator of the group needs another one. */
export function orchestratorId({ settings }: Pick<Host, 'settings'>): string {
  return settings.agentId ?? 'orchestrator'
}
