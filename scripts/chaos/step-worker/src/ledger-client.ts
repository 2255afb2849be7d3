import type { Run, Settlement, StepCall } from '@kafclaw/runtime'

type Call = Omit<StepCall, 'causationId'>

/** The way to the ledger, which stands for the world outside. */
export interface LedgerClient {
  /** Has the effect; its receipt, or null when it is not known whether it happened. */
  call(run: Run, call: StepCall, callMs: number): Promise<string | null>
  settle(run: Run, call: Call): Promise<Settlement>
  /** Tells of a step without effect. */
  note(run: Run, call: StepCall): Promise<void>
}

export function createLedgerClient(url: string, agentId: string): LedgerClient {
  async function post(
    path: string,
    run: Run,
    { call, callMs = 0 }: { call: Call; callMs?: number },
  ): Promise<Response> {
    const { step, redo, attempt, idempotencyKey: key } = call
    const body = { key, taskId: run.taskId, step, redo, attempt, runId: run.runId, agentId, callMs }
    // Without the signal: what is on its way to the world cannot be called back.
    return fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) })
  }
  return {
    async call(run, call, callMs) {
      try {
        const response = await post('/call', run, { call, callMs })
        if (!response.ok) return null
        const { receipt }: { receipt: string } = await readJson(response)
        return receipt
      } catch {
        return null
      }
    },
    async settle(run, call) {
      const settled: { kind: 'never' } | { kind: 'happened'; receipt: string } = await readJson(
        await post('/settle', run, { call }),
      )
      if (settled.kind === 'never') return settled
      return { kind: 'happened', result: { status: 'completed', output: settled.receipt } }
    },
    async note(run, call) {
      await post('/step', run, { call: { ...call, idempotencyKey: `${run.taskId}/${call.step}` } }).catch(
        () => undefined,
      )
    },
  }
}

/** What the ledger of this folder answers. */
async function readJson<T>(response: Response): Promise<T> {
  return JSON.parse(await response.text())
}
