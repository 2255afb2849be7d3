import type { Env } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import { type Db, openDatabase } from '@kafclaw/storage'
import type { Logger } from '@kafclaw/telemetry'
import type { Log, Publisher, Reader } from '../log.ts'
import { createAppender } from './append.ts'
import { createChangeWatch } from './change-watch.ts'
import { createEmbeddedReader } from './embedded-reader.ts'
import { createGroupOffsets } from './group-offsets.ts'
import { startHousekeeping } from './housekeeping.ts'
import { createRecordSource } from './record-source.ts'
import { createTopicTable } from './topic-table.ts'

export interface EmbeddedLogOptions {
  /** The file, made if it is not there; `:memory:` for one process and its life. */
  path: string
  env: Env
  logger: Logger
}

const BUSY_TIMEOUT_MS = 2_000

/**
 * The Log in one SQLite file, for one machine: several processes may have it open, and a record that one publishes wakes the
 * readers of the others. Opening throws the AppErrors of openDatabase; a full or locked disk fails the publish that met it.
 */
export function createEmbeddedLog({ path, env, logger }: EmbeddedLogOptions): Log {
  return createLogOn(openDatabase(path, 'log', { busyTimeoutMs: BUSY_TIMEOUT_MS }), { env, logger })
}

/** The same on a database that is open already; the log owns it from then on. */
export function createLogOn(db: Db, { env, logger }: Omit<EmbeddedLogOptions, 'path'>): Log {
  const table = createTopicTable(db)
  const source = createRecordSource(db)
  const groups = createGroupOffsets(db)
  const appender = createAppender(db)
  const watch = createChangeWatch(db, env)
  const clusterId = readClusterId(db, env)
  const housekeeping = startHousekeeping({
    db,
    table,
    env,
    onError: (error) =>
      logger.warn(
        { err: error, path: db.path },
        'retention and compaction of the embedded log failed; tried again in an hour',
      ),
  })
  const readers = new Set<Reader>()
  let closed = false

  function failIfClosed(): void {
    if (closed) throw new AppError('KC_INTERRUPTED', 'The embedded log was closed by this program')
  }

  /** Everything is synchronous inside; callers get a promise as from Kafka. */
  async function when<T>(work: () => T): Promise<T> {
    failIfClosed()
    return work()
  }

  return {
    kind: 'embedded',
    clusterId: () => when(() => clusterId),
    publisher(): Publisher {
      let isOpen = true
      return {
        publish: (records) =>
          when(() => {
            if (!isOpen)
              throw new AppError(
                'KC_INTERRUPTED',
                'The publisher was closed; what was not acknowledged must be sent again',
              )
            const places = appender.append(records, env.now())
            watch.changed()
            return places
          }),
        async close() {
          isOpen = false
        },
      }
    },
    read(options) {
      failIfClosed()
      const reader = createEmbeddedReader({ env, table, source, watch }, options)
      const close = reader.close
      reader.close = () => {
        readers.delete(reader)
        return close()
      }
      readers.add(reader)
      return reader
    },
    listTopics: () => when(() => table.list()),
    describe: (topics) => when(() => table.describe(topics)),
    createTopics: (topics) =>
      when(() => {
        const created = table.create(topics, env.now())
        watch.changed()
        return created
      }),
    deleteTopics: (names) => when(() => table.remove(names)),
    offsets: (topics) => when(() => table.ranges(topics)),
    offsetsAt: (topics, timestampMs) =>
      when(() =>
        table.ranges(topics).map((range) => ({
          topic: range.topic,
          partition: range.partition,
          offset: table.offsetAt(range, timestampMs),
        })),
      ),
    commitGroupOffsets: (groupName, offsets) => when(() => groups.commit(groupName, offsets)),
    groupOffsets: (groupName, topics) => when(() => groups.read(groupName, topics)),
    async close() {
      if (closed) return
      closed = true
      housekeeping.cancel()
      watch.close()
      await Promise.all([...readers].map((reader) => reader.close()))
      db.close()
    },
  }
}

function readClusterId(db: Db, env: Env): string {
  const find = db.prepare<[], { value: string }>("select value from meta where name = 'cluster_id'")
  const known = find.get()
  if (known) return known.value
  // Two processes may make the file at once: the first id stays.
  db.prepare<[string]>("insert into meta (name, value) values ('cluster_id', ?) on conflict do nothing").run(
    `embedded-${env.newId()}`,
  )
  return find.get()?.value ?? ''
}
