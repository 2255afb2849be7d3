import { type Db, type Family, openDatabase } from '@kafclaw/storage'

/** Families whose tables are empty again when their rows are gone: no word index, no numbers that go on. */
const REUSED: ReadonlySet<Family> = new Set(['state'])

const pool = new Map<Family, Db[]>()

/** An empty database in memory; one of an earlier run where there is one, because making tables and statements takes long. */
export function takeDatabase(family: Family): Db {
  return pool.get(family)?.pop() ?? openDatabase(':memory:', family)
}

export function giveBack(db: Db, family: Family): void {
  if (!REUSED.has(family)) {
    db.close()
    return
  }
  db.transaction(() => {
    for (const table of tablesOf(db)) db.exec(`delete from "${table}"`)
  })
  pool.set(family, [...(pool.get(family) ?? []), db])
}

/** Names of all tables, SQLite's own left out. */
export function tablesOf(db: Db): string[] {
  const sql = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"
  return db
    .prepare<[], { name: string }>(sql)
    .all()
    .map(({ name }) => name)
}
