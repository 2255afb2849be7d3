import type { ClaimWriter } from './claim-writer.ts'
import type { Claims } from './claims.ts'
import type { Duties } from './duties.ts'
import type { OutboxRelay } from './outbox-relay.ts'
import type { Outcomes } from './outcomes.ts'
import type { Positions } from './positions.ts'
import type { Runs } from './runs.ts'
import type { StoredTask, TaskStore } from './task-store.ts'
import type { TransactorHooks } from './transactor.ts'

/** What takes part in every transaction of a member: confirmed runs write, due claims go with it, and what was committed is acted on. */
export function createCommitHooks(parts: {
  tasks: TaskStore
  positions: Positions
  runs: Runs
  claims: Claims
  claimWriter: ClaimWriter
  duties: Duties
  relay: OutboxRelay
  outcomes: Outcomes
  onTasks?: ((changed: readonly StoredTask[]) => void) | undefined
}): TransactorHooks {
  const { tasks, positions, runs, claims, claimWriter, duties, relay, outcomes } = parts
  return {
    beforeCommit() {
      runs.confirmWithin(tasks.changes())
      claims.changed(tasks.changes())
      for (const taskId of claims.takeExhausted()) duties.exhausted(tasks.get(taskId))
      for (const due of claims.takeDue()) claimWriter.write(due)
      runs.storeSteps()
    },
    committed(changed, entries) {
      positions.keep()
      relay.enqueue(entries)
      runs.settle(true)
      for (const { task } of claims.settle(true)) {
        const claim = claimWriter.of(task.taskId)
        if (claim) runs.begin(task, claim)
      }
      claimWriter.clear()
      for (const task of changed) runs.changed(task)
      outcomes.deliver()
      parts.onTasks?.(changed)
      claims.arm()
    },
    rolledBack() {
      positions.drop()
      runs.settle(false)
      claims.settle(false)
      duties.rolledBack()
      claimWriter.clear()
      claims.arm()
    },
  }
}
