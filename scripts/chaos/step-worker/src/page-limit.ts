import type { Host } from '@kafclaw/runtime'

type Disk = Host['disk']
type Db = ReturnType<Disk['open']>

/** SQLite's own limit where none is set. */
const NO_LIMIT = 4_294_967_294

/** Files that grow no more from the message `{ full: true }` on, and again from `{ full: false }` on, as on a full disk. */
export function boundPages(disk: Disk): Disk {
  const open = new Set<Db>()
  process.on('message', (message) => {
    if (typeof message !== 'object' || message === null || !('full' in message)) return
    for (const db of open) db.exec(`pragma max_page_count = ${message.full ? pagesOf(db) : NO_LIMIT}`)
  })
  return {
    ...disk,
    open(path, family) {
      const db = disk.open(path, family)
      open.add(db)
      return db
    },
  }
}

function pagesOf(db: Db): number {
  return db.prepare<[], { page_count: number }>('pragma page_count').get()?.page_count ?? NO_LIMIT
}
