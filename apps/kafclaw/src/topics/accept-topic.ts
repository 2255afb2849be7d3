import { AppError, parseTopicName } from '@kafclaw/envelope'
import { EXIT, type Host } from '@kafclaw/runtime'
import { lockFolder, openDatabase } from '@kafclaw/storage'
import { openGroup } from '../group/open-group.ts'
import { type ServiceFolder, serviceFolders } from '../group/service-folders.ts'
import type { Invocation } from '../invocation.ts'
import { type Column, renderTable } from '../output/table.ts'
import { type PositionFile, positionFiles } from './position-files.ts'

/** A position that lay beyond the end of its partition and was set to it. */
interface Accepted {
  service: string
  file: string
  partition: number
  from: number
  to: number
}

const COLUMNS: ReadonlyArray<Column<Accepted>> = [
  { title: 'SERVICE', value: ({ service }) => service },
  { title: 'FILE', value: ({ file }) => file },
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
  const folders = serviceFolders(host)
  // All of them first: a service that runs must not find the others changed and itself refused.
  using locks = lockAll(host, folders)
  const accepted = locks.folders.flatMap((folder) =>
    positionFiles(folder).flatMap((file) => acceptIn(file, { service: folder.id, topic, ends })),
  )
  const { output } = invocation
  output.data(accepted, () => renderTable(COLUMNS, accepted, output))
  output.note(
    accepted.length === 0 ? 'no position lies beyond the end: nothing was changed' : 'start the services again',
  )
  return EXIT.done
}

function lockAll(
  { settings }: Host,
  folders: readonly ServiceFolder[],
): Disposable & { folders: readonly ServiceFolder[] } {
  using stack = new DisposableStack()
  const purpose = `"kafclaw topics accept" of group "${settings.group}"`
  for (const { folder } of folders) stack.use(lockFolder(folder, { purpose }))
  const locks = stack.move()
  return { folders, [Symbol.dispose]: () => locks.dispose() }
}

function acceptIn(
  { path, family, open }: PositionFile,
  { service, topic, ends }: { service: string; topic: string; ends: ReadonlyMap<number, number> },
): Accepted[] {
  using db = openDatabase(path, family)
  const positions = open(db)
  return db.transaction(() =>
    [...ends].flatMap(([partition, to]) => {
      const from = positions.get(topic, partition)
      if (from === null || from <= to) return []
      positions.set(topic, partition, to)
      return [{ service, file: `${family}.db`, partition, from, to }]
    }),
  )
}
