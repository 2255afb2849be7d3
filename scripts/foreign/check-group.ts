import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { TaskState } from '@kafclaw/tasks'
import { installLanguages, type Scope } from './languages.ts'
import { runProgram } from './programs.ts'

/** What a reader makes of a task by the rules alone. */
interface CheckedTask {
  /** Places of all requests, sorted. */
  requests: string[]
  bound: string | null
  claim: { attempt: number; run_id: string; agent_id: string; offset: number } | null
  released: string | null
  outcome: { status: string; run_id: string | null; offset: number } | null
}

/** What `docs/examples/python/check.py` prints of a group. */
export interface GroupCheck {
  records: number
  poison: number
  skipped: number
  /** Records of a task outside of its home partition. */
  misplaced: number
  tasks: Record<string, CheckedTask>
}

/** Reads a group from offset 0 by the checker in Python, which shares no code with KafClaw. Throws when it cannot be installed or fails. */
export async function checkGroup(brokers: readonly string[], scope: Scope): Promise<GroupCheck> {
  const { python } = await installLanguages(['python'])
  if (!python.ok) throw new Error(`the checker in Python cannot run: ${python.reason}`)
  const script = join(import.meta.dirname, '..', '..', 'docs', 'examples', 'python', 'check.py')
  const args = [script, '--brokers', brokers.join(','), '--group', scope.group, '--zone', scope.zone]
  const { code, stdout, stderr } = await runProgram(python.program, args)
  if (code !== 0) throw new Error(`the checker in Python failed: ${stderr}`)
  return JSON.parse(stdout)
}

/** Ids of the tasks of which the two readers say something else, or that only one of them knows. */
export function findDisagreements(check: GroupCheck, tasks: ReadonlyMap<string, TaskState>): string[] {
  const ids = new Set([...tasks.keys(), ...Object.keys(check.tasks)])
  return [...ids].filter((id) => {
    const task = tasks.get(id)
    return !task || !isDeepStrictEqual(toChecked(task), check.tasks[id])
  })
}

/** The state of `packages/tasks` in the words of the checker. */
function toChecked({ requests, bound, claim, released, outcome }: TaskState): CheckedTask {
  return {
    requests: requests.map(({ place }) => place).sort(),
    bound,
    claim: claim && {
      attempt: claim.attempt,
      run_id: claim.runId,
      agent_id: claim.agentId,
      offset: claim.offset,
    },
    released,
    outcome: outcome && { status: outcome.status, run_id: outcome.runId, offset: outcome.offset },
  }
}
