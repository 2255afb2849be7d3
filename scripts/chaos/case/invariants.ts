import type { Limit } from './chaos-case.ts'

/** What holds in every run, whatever the fault is (docs/red-lines.md); a case may say otherwise of one of them. */
const INVARIANTS: Readonly<Record<string, number>> = {
  /** Every acknowledged request has an outcome. */
  lost: 0,
  /** And no other one besides. */
  second_outcomes: 0,
  /** Three readers say the same of every task: what a worker has in its file is what the topics say. */
  disagreements: 0,
  /** In the ledger outside every effect stands once. */
  effects_twice: 0,
  effects_missing: 0,
  /** No step counts of a run that another one had superseded: what an outcome rests on is what the journal says. */
  stale_counted: 0,
  /** No service is dead that should run. */
  dead: 0,
}

export function withInvariants(limits: readonly Limit[]): Limit[] {
  const said = new Set(limits.map(({ figure }) => figure))
  const rest = Object.entries(INVARIANTS).filter(([figure]) => !said.has(figure))
  return [...rest.map(([figure, amount]): Limit => ({ figure, kind: 'is', amount })), ...limits]
}
