import { deriveTaskId, formatPlace, type RecordPlace, type RequestEnvelope } from '@kafclaw/envelope'
import { EXIT, type GroupClient } from '@kafclaw/runtime'
import type { RedriveOptions } from '../commands/dlq.ts'
import { openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import { type Column, renderTable } from '../output/table.ts'
import { auditHandling, chooseLetters, letterId, withClient } from './handle-letters.ts'
import { REDRIVE, subjectOf } from './handled-letters.ts'
import { type Revived, reviveRequest } from './revive-request.ts'
import type { Letter } from './select-letters.ts'

/** What became of one letter: the new task and where its request lies, or why there is none. */
interface Redriven {
  record: string
  taskId: string | null
  place: RecordPlace | null
  why: string | null
}

/** Asks each request that the letters hold again, as a new task with a life of its own. Exit 1 when one could not be. */
export async function redriveLetters(
  invocation: Invocation,
  places: readonly string[],
  options: RedriveOptions,
): Promise<number> {
  const { output } = invocation
  const { reason, dryRun, ...choice } = options
  await using host = openGroup(invocation)
  const letters = await chooseLetters(host, places, choice)
  const rows = dryRun
    ? letters.map((letter) => toRow(letter, reviveRequest(letter), null))
    : await withClient(host, async (client) => {
        const done: Redriven[] = []
        for (const letter of letters) done.push(await redrive(client, letter, reason?.trim() || null))
        return done
      })
  output.data(rows.map(toJson), () => renderTable(COLUMNS, rows, output))
  if (rows.length === 0) output.note('none of them; see: kafclaw dlq list')
  if (dryRun) output.note('nothing was asked (--dry-run)')
  const failed = rows.filter(({ why }) => why !== null).length
  if (failed > 0) output.note(`${failed} of ${rows.length} cannot be asked again`)
  return failed > 0 ? EXIT.notGood : EXIT.done
}

async function redrive(client: GroupClient, letter: Letter, reason: string | null): Promise<Redriven> {
  const revived = reviveRequest(letter)
  if ('why' in revived) return toRow(letter, revived, null)
  const taskId = newTaskId(letter)
  // First the task: without its audit record it would be asked once more, under the same id.
  const { place } = await client.publish({ ...toRequest(revived.request, letter), correlation_id: taskId })
  await auditHandling(client, letter, { action: REDRIVE, reason, taskId })
  return toRow(letter, revived, place)
}

/** Two who redrive the same letter at the same time ask one task; whoever does it again later asks another. */
function newTaskId(letter: Letter): string {
  const before = letter.handlings.filter(({ action }) => action === REDRIVE).length
  return deriveTaskId([REDRIVE, formatPlace(letter), String(before)])
}

/** Its labels stay with it; the task that asked it has an outcome already and waits for nobody. */
function toRequest({ recipient_id, labels, payload }: RequestEnvelope, letter: Letter) {
  return {
    type: 'request',
    recipient_id,
    causation_id: letterId(letter),
    labels,
    payload: { ...payload, parent_task_id: null },
  } as const
}

function toRow(letter: Letter, revived: Revived, place: RecordPlace | null): Redriven {
  const record = subjectOf(letter)
  if ('why' in revived) return { record, taskId: null, place: null, why: revived.why }
  return { record, taskId: newTaskId(letter), place, why: null }
}

function toJson({ record, taskId, place, why }: Redriven) {
  return { record, task_id: taskId, request: place, redriven: place !== null, why }
}

const COLUMNS: ReadonlyArray<Column<Redriven>> = [
  { title: 'RECORD', value: ({ record }) => record },
  { title: 'NEW TASK', value: ({ taskId }) => taskId },
  { title: 'REQUEST', value: ({ place }) => place && formatPlace(place) },
  { title: 'WHY NOT', value: ({ why }) => why },
]
