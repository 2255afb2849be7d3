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

  /** Reads the answer as a whole, whatever it says: its connection is free for the next call only then. */
  function post(path: string, run: Run, { call, callMs = 0 }: { call: Call; callMs?: number }): Promise<Answer> {
    const { step, redo, attempt, idempotencyKey: key } = call
    const body = { key, taskId: run.taskId, step, redo, attempt, runId: run.runId, agentId, callMs }
    // Without the signal: what is on its way to the world cannot be called back.
    return new Promise((resolve, reject) => {
      request(`${url}${path}`, { method: 'POST', agent }, (response) => {
        text(response).then((read) => resolve({ isOk: response.statusCode === 200, text: read }), reject)
      })
        .on('error', reject)
        .end(JSON.stringify(body))
    })
  }
  return {
    async call(run, call, callMs) {
      try {
        const answer = await post('/call', run, { call, callMs })
        if (!answer.isOk) return null
        const { receipt }: { receipt: string } = readJson(answer)
        return receipt
      } catch {
        return null
      }
    },
    async settle(run, call) {
      const settled: { kind: 'never' } | { kind: 'happened'; receipt: string } = readJson(
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

interface Answer {
  isOk: boolean
  text: string
}

/** What the ledger of this folder answers. */
function readJson<T>(answer: Answer): T {
  return JSON.parse(answer.text)
}
