import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
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
  // Importing it, or calling fetch, would load much that only browsers have: a good part of a boot.
  const { Agent, request } = process.getBuiltinModule('node:http')
  const agent = new Agent({ keepAlive: true })

  function post(
    path: string,
    run: Run,
    { call, callMs = 0 }: { call: Call; callMs?: number },
  ): Promise<IncomingMessage> {
    const { step, redo, attempt, idempotencyKey: key } = call
    const body = { key, taskId: run.taskId, step, redo, attempt, runId: run.runId, agentId, callMs }
    // Without the signal: what is on its way to the world cannot be called back.
    return new Promise((resolve, reject) => {
      request(`${url}${path}`, { method: 'POST', agent }, resolve).on('error', reject).end(JSON.stringify(body))
    })
  }
  return {
    async call(run, call, callMs) {
      try {
        const response = await post('/call', run, { call, callMs })
        if (response.statusCode !== 200) return null
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
      const told = post('/step', run, { call: { ...call, idempotencyKey: `${run.taskId}/${call.step}` } })
      await told.then(text).catch(() => undefined)
    },
  }
}

/** What the ledger of this folder answers. */
async function readJson<T>(response: IncomingMessage): Promise<T> {
  return JSON.parse(await text(response))
}
