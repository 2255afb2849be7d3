import { formatPlace } from '@kafclaw/envelope'
import { EXIT, parseDuration } from '@kafclaw/runtime'
import type { DlqListOptions } from '../commands/dlq.ts'
import { openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import { formatAge } from '../output/age.ts'
import { type Column, renderTable } from '../output/table.ts'
import { summaryJson } from './dead-letter-json.ts'
import { type BadRecord, readDeadLetters } from './read-dead-letters.ts'

/** Lists the bad records of the zone, the newest first. */
export async function listDeadLetters(invocation: Invocation, { code, since }: DlqListOptions): Promise<number> {
  const { output, env } = invocation
  const sinceMs = since === undefined ? null : env.now() - parseDuration(since)
  await using host = openGroup(invocation)
  const all = await readDeadLetters(host)
  const shown = all
    .filter((record) => code === undefined || record.code === code)
    .filter(({ timestampMs }) => sinceMs === null || timestampMs >= sinceMs)
    .toReversed()
  output.data(shown.map(summaryJson), () => renderTable(columns(env.now()), shown, output))
  if (shown.length === 0)
    output.note(all.length === 0 ? 'no record was put aside' : 'none of them; see --code and --since')
  return EXIT.done
}

function columns(nowMs: number): ReadonlyArray<Column<BadRecord>> {
  return [
    { title: 'RECORD', value: ({ source }) => source && formatPlace(source) },
    { title: 'AGE', value: ({ timestampMs }) => formatAge(nowMs - timestampMs), align: 'right' },
    { title: 'CODE', value: ({ code }) => code },
    { title: 'BY', value: ({ by }) => by },
    { title: 'OTHERS', value: ({ others }) => others.length, align: 'right' },
    { title: 'LETTER', value: formatPlace },
    { title: 'REASON', value: ({ reason }) => reason },
  ]
}
