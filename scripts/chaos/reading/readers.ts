import { setTimeout as delay } from 'node:timers/promises'
import { openDatabase } from '@kafclaw/storage'
import type { TaskState } from '@kafclaw/tasks'
import { checkGroup, findDisagreements } from '../../foreign/check-group.ts'
import type { CrewMember } from '../crew.ts'
import type { Stage } from '../stage.ts'
import { foldTopics } from './fold-topics.ts'

const CATCH_UP_MS = 20_000
const LOOK_AGAIN_MS = 500

export interface Reading {
  /** By packages/tasks from offset 0. */
  tasks: ReadonlyMap<string, TaskState>
  /** Tasks of which a worker's SQLite, or the checker in Python, says something else than packages/tasks. */
  disagreements: number
  python: 'agrees' | 'disagrees' | 'not run'
}

/**
 * Stops the crew when its members have read all, and compares the three readers. `whenQuiet` runs when nobody works any more
 * and those who only read still do.
 */
export async function readAfterwards(
  stage: Stage,
  crew: readonly CrewMember[],
  whenQuiet: () => Promise<void>,
): Promise<Reading> {
  const deadlineMs = performance.now() + CATCH_UP_MS
  for (;;) {
    const tasks = await foldTopics(stage.log, stage.scope, stage.partitions)
    if (countDiffering(crew, tasks) === 0 || performance.now() > deadlineMs) break
    await delay(LOOK_AGAIN_MS)
  }
  const [readers, others] = [crew.filter(isOnlyReader), crew.filter((member) => !isOnlyReader(member))]
  await Promise.all(others.map(({ process }) => process.stop()))
  await whenQuiet()
  await Promise.all(readers.map(({ process }) => process.stop()))
  const tasks = await foldTopics(stage.log, stage.scope, stage.partitions)
  const check = await readByPython(stage, tasks)
  return {
    tasks,
    disagreements: countDiffering(crew, tasks) + (check ?? 0),
    python: check === null ? 'not run' : check === 0 ? 'agrees' : 'disagrees',
  }
}

function isOnlyReader({ group: { role } }: CrewMember): boolean {
  return role === 'audit-sink' || role === 'memory-indexer'
}

async function readByPython(stage: Stage, tasks: ReadonlyMap<string, TaskState>): Promise<number | null> {
  try {
    return findDisagreements(await checkGroup(stage.brokers, stage.scope), tasks).length
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return null
  }
}

function countDiffering(crew: readonly CrewMember[], tasks: ReadonlyMap<string, TaskState>): number {
  return crew.reduce((sum, { files }) => sum + compareFile(files.stateDb, tasks), 0)
}

/** Tasks of which the worker's own SQLite says something else than the topics. */
function compareFile(path: string, tasks: ReadonlyMap<string, TaskState>): number {
  using db = openDatabase(path, 'state', { readOnly: true })
  const rows = db
    .prepare<[], { task_id: string; claim: string | null; outcome: string | null }>(
      'select task_id, claim, outcome from task',
    )
    .all()
  const stored = new Map(rows.map((row) => [row.task_id, row]))
  let differing = 0
  for (const [taskId, { claim, outcome }] of tasks) {
    const row = stored.get(taskId)
    const same = row && row.claim === toStored(claim) && row.outcome === toStored(outcome)
    if (!same) differing++
  }
  return differing + [...stored.keys()].filter((taskId) => !tasks.has(taskId)).length
}

function toStored(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value)
}
