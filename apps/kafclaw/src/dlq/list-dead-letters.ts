import { formatPlace } from '@kafclaw/envelope'
import { EXIT } from '@kafclaw/runtime'
import type { DlqFilters } from '../commands/dlq.ts'
import { openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import { formatAge } from '../output/age.ts'
import { type Column, renderTable } from '../output/table.ts'
import { summaryJson } from './dead-letter-json.ts'
import { filterLetters, type Letter, readLetters } from './select-letters.ts'

/** Lists the bad records of the zone, the newest first. */
export async function listDeadLetters(invocation: Invocation, filters: DlqFilters): Promise<number> {
  const { output, env } = invocation
  await using host = openGroup(invocation)
  const all = await readLetters(host)
  const shown = (await filterLetters(host, all, filters)).toReversed()
  output.data(shown.map(summaryJson), () => renderTable(columns(env.now()), shown, output))
  if (shown.length === 0)
    output.note(all.length === 0 ? 'no record was put aside' : 'none of them; see the options with --help')
  return EXIT.done
}

function columns(nowMs: number): ReadonlyArray<Column<Letter>> {
  return [
    { title: 'RECORD', value: ({ source }) => source && formatPlace(source) },
    { title: 'AGE', value: ({ timestampMs }) => formatAge(nowMs - timestampMs), align: 'right' },
    { title: 'STATE', value: ({ state }) => state },
    { title: 'CODE', value: ({ code }) => code },
    { title: 'BY', value: ({ by }) => by },
    { title: 'OTHERS', value: ({ others }) => others.length, align: 'right' },
    { title: 'LETTER', value: formatPlace },
    { title: 'REASON', value: ({ reason }) => reason },
  ]
}
