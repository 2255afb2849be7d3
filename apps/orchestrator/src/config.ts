import { type Host, keepMemberId } from '@kafclaw/runtime'

/** The only place where this service sees its environment. */
export const variables = process.env

/** The id under which it takes part in its group; that of its data folder unless it was given one. */
export function orchestratorId({ settings, data, env }: Pick<Host, 'settings' | 'data' | 'env'>): string {
  return settings.agentId ?? keepMemberId(data, 'orchestrator', env)
}
