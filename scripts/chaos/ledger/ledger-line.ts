/** What a call says of itself. */
export interface LedgerCall {
  key: string
  taskId: string
  step: number
  redo: number
  runId: string
  attempt: number
  agentId: string
  callMs: number
}

/** What the ledger keeps: an effect, a refused call, a key that was asked for (and is given up or had happened), a step without effect. */
export interface LedgerLine extends Omit<LedgerCall, 'callMs'> {
  kind: 'effect' | 'refused' | 'void' | 'settled' | 'step'
  atMs: number
}
