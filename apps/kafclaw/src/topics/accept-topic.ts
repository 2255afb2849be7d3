import { AppError, parseTopicName } from '@kafclaw/envelope'
import { EXIT, type Host } from '@kafclaw/runtime'
import { lockFolder, openDatabase } from '@kafclaw/storage'
import { openGroup } from '../group/open-group.ts'
import { type ServiceFolder, serviceFolders } from '../group/service-folders.ts'
import type { Invocation } from '../invocation.ts'
import { type Column, renderTable } from '../output/table.ts'

/** A position that lay beyond the end of its partition and was set to it. */
interface Accepted {
  service: string
  partition: number
  from: number
  to: number
}

const COLUMNS: ReadonlyArray<Column<Accepted>> = [
  { title: 'SERVICE', value: ({ service }) => service },
  { title: 'PARTITION', value: ({ partition }) => partition, align: 'right' },
  { title: 'WAS', value: ({ from }) => from, align: 'right' },
  { title: 'IS', value: ({ to }) => to, align: 'right' },
]

/** Lets the services of this machine go on at the end of a topic that was rewound. Error: KC_STORAGE_LOCKED while one runs. */
export async function acceptTopic(invocation: Invocation, topic: string): Promise<number> {
  await using host = openGroup(invocation)
  if (parseTopicName(topic)?.group !== host.settings.group) {
    throw new AppError('KC_USAGE', `"${topic}" is no topic of group "${host.settings.group}"; see: kafclaw topics list`)
  }
  const ends = new Map((await host.log.offsets([topic])).map(({ partition, end }) => [partition, end]))
  const accepted = serviceFolders(host).flatMap((folder) => acceptIn(host, { folder, topic, ends }))
  const { output } = invocation
  output.data(accepted, () => renderTable(COLUMNS, accepted, output))
  output.note(
    accepted.length === 0 ? 'no position lies beyond the end: nothing was changed' : 'start the services again',
  )
  return EXIT.done
}

function acceptIn(
  host: Host,
  { folder, topic, ends }: { folder: ServiceFolder; topic: string; ends: ReadonlyMap<number, number> },
): Accepted[] {
  using _lock = lockFolder(folder.folder, { purpose: `"kafclaw topics accept" of group "${host.settings.group}"` })
  using db = openDatabase(folder.stateDb, 'state')
  const rows = db
    .prepare<[string], { partition: number; next_offset: number }>(
      'select "partition", next_offset from position where topic = ?',
    )
    .all(topic)
  // The last record read is not on this log: without its id the service compares nothing when it begins again.
  const update = db.prepare(
    'update position set next_offset = ?, last_record_id = null where topic = ? and "partition" = ?',
  )
  return db.transaction(() =>
    rows.flatMap(({ partition, next_offset: from }) => {
      const to = ends.get(partition)
      if (to === undefined || from <= to) return []
      update.run(to, topic, partition)
      return [{ service: folder.id, partition, from, to }]
    }),
  )
}
