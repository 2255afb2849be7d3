/** The only place where this program sees its environment. */
export const variables = process.env

interface ChaosWork {
  steps: number
  stepMs: number
  /** The step with an effect that must not happen twice. */
  once: { at: number; callMs: number; longestCallMs: number; settles: boolean } | null
  /** The ledger in which the effects stand; null: nothing is told to anybody. */
  ledgerUrl: string | null
  /** The process stops itself, once, when so many calls stand between their intent and their effect. */
  stopsAtCalls: number | null
}

/** What each run does; written by the harness. */
export const work: ChaosWork = JSON.parse(
  variables.CHAOS_WORK ?? '{"steps":1,"stepMs":0,"once":null,"ledgerUrl":null,"stopsAtCalls":null}',
)
