import { AppError, parsePlace, type RecordPlace, type RequestEnvelope, traceBelow } from '@kafclaw/envelope'
import type { Claim } from '@kafclaw/tasks'
import type { DueClaim } from './claims.ts'
import type { Sender } from './sender.ts'
import type { TaskStore } from './task-store.ts'

/** Writes the claims of a transaction; each begins its run when the transaction has been committed. */
export interface ClaimWriter {
  /** Inside the transaction; a task whose request is not here is not claimed, because nobody here could run it. */
  write(due: DueClaim): void
  /** The claim that was written for the task in the transaction under way. */
  of(taskId: string): WrittenClaim | undefined
  /** The transaction is over. */
  clear(): void
}

export interface WrittenClaim {
  claim: Claim
  request: RequestEnvelope
  /** Nothing that can fence its run lies before this offset of its home partition of `traces`. */
  readFrom: number
}

export function createClaimWriter(options: {
  sender: Sender
  tasks: Pick<TaskStore, 'requestAt'>
  agentId: string
  boot(): number
  /** End of the home partition of `traces` as it was known last: the journal of a task that is claimed for the first time begins there. */
  journalEnd(taskId: string): number
}): ClaimWriter {
  const { sender, agentId } = options
  const written = new Map<string, WrittenClaim>()
  return {
    write({ task, decision, runId }) {
      const { attempt, fruitless, request: asked } = decision
      const request = options.tasks.requestAt(task.taskId, asked.place)
      if (request === null) return
      const readFrom = options.journalEnd(task.taskId)
      const journalFrom = task.claim?.journalFrom ?? readFrom
      const boot = options.boot()
      const { id } = sender.send({
        type: 'task_status',
        correlation_id: task.taskId,
        causation_id: request.id,
        trace: traceBelow(request),
        payload: {
          status: 'claimed',
          attempt,
          run_id: runId,
          agent_id: agentId,
          boot,
          request: placeOf(asked.place),
          journal_from: journalFrom,
          fruitless,
        },
      })
      const claim: Claim = {
        attempt,
        runId,
        agentId,
        boot,
        recordId: id,
        // Not known before it has been read back; nothing of the run depends on it.
        offset: -1,
        request: asked.place,
        journalFrom,
        fruitless,
        hasProgressed: false,
      }
      written.set(task.taskId, { claim, request, readFrom })
    },
    of: (taskId) => written.get(taskId),
    clear: () => written.clear(),
  }
}

/** The fold keeps places as text; it has made them itself. */
function placeOf(text: string): RecordPlace {
  const place = parsePlace(text)
  if (place === null) throw new AppError('KC_BUG', `"${text}" is no position on the log.`)
  return place
}
