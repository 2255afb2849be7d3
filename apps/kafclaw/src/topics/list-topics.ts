import { parseTopicName, TOPICS } from '@kafclaw/envelope'
import { EXIT } from '@kafclaw/runtime'
import { openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import { type Column, renderTable } from '../output/table.ts'

interface ListedTopic {
  topic: string
  zone: string
  kind: string
  partitions: number
  /** Offsets between start and end; on a compacted topic more than there are records. */
  offsets: number
  cleanup: string
}

const COLUMNS: ReadonlyArray<Column<ListedTopic>> = [
  { title: 'TOPIC', value: ({ topic }) => topic },
  { title: 'PARTITIONS', value: ({ partitions }) => partitions, align: 'right' },
  { title: 'OFFSETS', value: ({ offsets }) => offsets, align: 'right' },
  { title: 'CLEANUP', value: ({ cleanup }) => cleanup },
]

/** The topics of the group, of all its zones. */
export async function listTopics(invocation: Invocation): Promise<number> {
  await using host = openGroup(invocation)
  const { log, settings } = host
  const names = (await log.listTopics()).filter((name) => parseTopicName(name)?.group === settings.group).toSorted()
  const described = await log.describe(names)
  const ranges = names.length === 0 ? [] : await log.offsets(names)
  const rows = described
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map(({ name, partitions }): ListedTopic => {
      const address = parseTopicName(name)
      const offsets = ranges.filter(({ topic }) => topic === name).reduce((sum, { start, end }) => sum + end - start, 0)
      const kind = address?.kind ?? 'requests'
      return { topic: name, zone: address?.zone ?? '', kind, partitions, offsets, cleanup: TOPICS[kind].cleanup }
    })
  const { output } = invocation
  output.data(rows, () => renderTable(COLUMNS, rows, output))
  if (rows.length === 0)
    output.note(`group "${settings.group}" has no topics here; create them with: kafclaw topics apply`)
  return EXIT.done
}
