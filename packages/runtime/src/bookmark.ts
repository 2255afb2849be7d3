import type { CommittedOffset, Log, ReaderLag } from '@kafclaw/kafka'
import type { Db } from '@kafclaw/storage'
import type { TopicScope } from './apply-topics.ts'
import { firstRequests } from './first-requests.ts'
import { isReadFromStart, isRequestTopic, skillTopics } from './group-topics.ts'
import type { TaskStore } from './task-store.ts'

/** Where a reader that knows nothing may begin, once every request before it is over. */
interface Bookmark {
  notedMs: number
  /** The ends of the request topics, and where this service stood in all others before it asked for those ends. */
  offsets: CommittedOffset[]
}

/**
 * Notes now and then where this service stands, and finds the newest of those places that a newcomer can use. Whatever is asked
 * at or after the noted ends of the request topics has nothing before the noted positions (docs/decisions/fresh-start.md).
 */
export interface Bookmarks {
  /** Notes where this service stands; one noted earlier is kept as soon as all before it has been read. */
  note(): Promise<void>
  /** The newest one before which every request has ended and is past its `expires_at` by the given clock; null for none. */
  newestOver(clockMs: number): Bookmark | null
  /** All topics of skills of the zone, as of the last note. */
  skillTopics(): readonly string[]
  /** Forgets everything, because the log is another one. */
  clear(): void
}

export interface BookmarkOptions {
  db: Db
  log: Log
  scope: TopicScope
  tasks: TaskStore
  now(): number
  /** Where the reader stands in each partition that it reads: what lies before is folded and committed. */
  lag(): readonly ReaderLag[]
}

/** With a day to live for each request, one about every quarter of an hour is left. */
const MOST_BOOKMARKS = 128

interface BookmarkRow {
  noted_ms: number
  offsets: string
}

export function createBookmarks(options: BookmarkOptions): Bookmarks {
  const { db, log, scope, tasks } = options
  const insert = db.prepare<[number, string, number]>(
    'insert into bookmark (noted_ms, offsets, over_after_ms) values (?, ?, ?) on conflict do nothing',
  )
  const selectPassed = db.prepare<[number], BookmarkRow>(
    'select noted_ms, offsets from bookmark where over_after_ms < ? order by noted_ms desc',
  )
  const newest = db.prepare<[], BookmarkRow>('select noted_ms, offsets from bookmark order by noted_ms desc limit 1')
  const remove = db.prepare<[number]>('delete from bookmark where noted_ms = ?')
  const removeBefore = db.prepare<[number]>('delete from bookmark where noted_ms < ?')
  const selectAll = db.prepare<[], { noted_ms: number }>('select noted_ms from bookmark order by noted_ms')
  let pending: Bookmark | null = null
  /** Moves when the log becomes another one: what was asked of the one before is not stored. */
  let era = 0
  let everySkillTopic: readonly string[] = []

  /** What was asked before it is known only when it has been read: then its latest `expires_at` is known too. */
  function keepPending(): void {
    if (pending === null || !isRead(pending, options.lag())) return
    const { notedMs, offsets } = pending
    pending = null
    const text = JSON.stringify(offsets)
    if (newest.get()?.offsets === text) return
    db.transaction(() => {
      insert.run(notedMs, text, tasks.latestExpiryMs())
      thinOut()
    })
  }

  function thinOut(): void {
    const rows = selectAll.all()
    if (rows.length <= MOST_BOOKMARKS) return
    for (const [index, row] of rows.entries()) {
      if (index % 2 === 1 && index < rows.length - 1) remove.run(row.noted_ms)
    }
  }

  async function take(): Promise<Bookmark | null> {
    // First the own positions, then the ends: the other way round an answer could lie before a position, its request after an end.
    const positions = options.lag().filter(({ topic }) => !isReadFromStart(topic) && !isRequestTopic(topic))
    const notedMs = options.now()
    everySkillTopic = await skillTopics(log, scope, 'all')
    const lag = options.lag()
    const read = new Set(lag.filter(({ topic }) => isRequestTopic(topic)).map(({ topic }) => topic))
    const isWhole = positions.length > 0 && read.size > 0 && everySkillTopic.every((topic) => read.has(topic))
    if (!isWhole || lag.some(({ position, end }) => position > end)) return null
    const ends = await log.offsets([...read])
    return {
      notedMs,
      offsets: [
        ...positions.map(({ topic, partition, position }) => ({ topic, partition, offset: position })),
        ...ends.map(({ topic, partition, end }) => ({ topic, partition, offset: end })),
      ],
    }
  }

  return {
    async note() {
      keepPending()
      if (pending !== null) return
      const asked = era
      const taken = await take()
      if (asked === era) pending = taken
    },
    newestOver(clockMs) {
      const open = firstRequests(tasks.open())
      for (const { noted_ms, offsets } of selectPassed.all(clockMs)) {
        const bookmark: Bookmark = { notedMs: noted_ms, offsets: parseOffsets(offsets) }
        const isOver = bookmark.offsets.every(
          ({ topic, partition, offset }) => (open.get(`${topic}/${partition}`)?.offset ?? offset) >= offset,
        )
        if (!isOver) continue
        removeBefore.run(noted_ms)
        return bookmark
      }
      return null
    },
    skillTopics: () => everySkillTopic,
    clear() {
      pending = null
      era++
      db.exec('delete from bookmark')
    },
  }
}

function isRead(bookmark: Bookmark, lag: readonly ReaderLag[]): boolean {
  const positions = new Map(lag.map(({ topic, partition, position }) => [`${topic}/${partition}`, position]))
  return bookmark.offsets.every(
    ({ topic, partition, offset }) => (positions.get(`${topic}/${partition}`) ?? -1) >= offset,
  )
}

/** The row was written by this service. */
function parseOffsets(text: string): CommittedOffset[] {
  return JSON.parse(text)
}
