import type { Host } from '@kafclaw/runtime'

/** The agents of the demo: A reports, B knows from memory, C has told it. */
export const AGENTS = { reporter: 'agent-a', expert: 'agent-b', author: 'agent-c' } as const

export const EXPERT_MEMORY = `${AGENTS.expert}-memory`

/** A group made for one demo, ready to be asked. */
export interface DemoGroup extends AsyncDisposable {
  /** The log of the group, for the demo itself. */
  readonly host: Host
  /** Where it runs, in a line for people. */
  readonly place: string
}
