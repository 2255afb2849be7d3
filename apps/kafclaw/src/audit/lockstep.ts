import { EXIT } from '@kafclaw/runtime'
import { openGroup } from '../group/open-group.ts'
import { requireTopics } from '../group/require-topics.ts'
import type { Invocation } from '../invocation.ts'
import type { Output } from '../output/output.ts'
import { type Column, renderTable } from '../output/table.ts'
import { compareServices, type ServiceReport } from './compare-services.ts'

const COLUMNS: ReadonlyArray<Column<ServiceReport>> = [
  { title: 'SERVICE', value: ({ service }) => service },
  { title: 'ROWS', value: ({ rows }) => rows, align: 'right' },
  { title: 'EQUAL', value: ({ equal }) => equal, align: 'right' },
  { title: 'DELETED', value: ({ deleted }) => deleted, align: 'right' },
  { title: 'SENT', value: ({ sent }) => sent, align: 'right' },
  { title: 'REPEATED', value: ({ repeated }) => repeated, align: 'right' },
  { title: 'DIFFERENCES', value: ({ differences }) => differences.length, align: 'right' },
]
const MOST_SHOWN = 20

/** Compares the timeline of each service of this machine with the log; a difference exits 1. */
export async function lockstep(invocation: Invocation): Promise<number> {
  await using host = openGroup(invocation)
  await requireTopics(host)
  const reports = await compareServices(host)
  const { output } = invocation
  output.data(reports, () => renderTable(COLUMNS, reports, output))
  if (reports.length === 0) output.note('no service of this group keeps files on this machine')
  return tellDifferences(output, reports)
}

function tellDifferences(output: Output, reports: readonly ServiceReport[]): number {
  const differences = reports.flatMap(({ service, differences }) =>
    differences.map(({ place, reason }) => `${service}: ${place ?? 'no position'}: ${reason}`),
  )
  if (differences.length === 0) return EXIT.done
  for (const line of differences.slice(0, MOST_SHOWN)) output.note(line)
  if (differences.length > MOST_SHOWN) output.note(`and ${differences.length - MOST_SHOWN} more; see -o json`)
  return EXIT.notGood
}
