import type { Db } from '@kafclaw/storage'
import type { ActiveRun } from './active-run.ts'
import type { RunStep } from './run.ts'

/** Keeps the journal of this process's own runs beside what lies on `traces`: on the same host a run is read from here. */
export function createStepStore(db: Db): (run: ActiveRun, step: RunStep) => void {
  const upsert = db.prepare(
    `insert into run_step (run_id, task_id, attempt, step, redo, kind, name, input_hash, output, status, usage, started_ms, ended_ms)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (task_id, run_id, step, redo) do update set output = excluded.output, status = excluded.status,
       usage = excluded.usage, ended_ms = excluded.ended_ms`,
  )
  return (run, step) => {
    upsert.run(
      run.runId,
      run.taskId,
      run.attempt,
      step.step,
      run.attempt - 1,
      step.kind,
      step.name ?? '',
      step.input_hash ?? null,
      step.output === undefined ? null : JSON.stringify(step.output),
      step.phase === 'intent' ? 'intent' : (step.status ?? 'completed'),
      step.usage ? JSON.stringify(step.usage) : null,
      toMs(step.started_at) ?? 0,
      toMs(step.ended_at),
    )
  }
}

function toMs(timestamp: string | null | undefined): number | null {
  return timestamp ? Date.parse(timestamp) : null
}
