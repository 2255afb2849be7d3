import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { DrizzleSQLiteSnapshotJSON } from 'drizzle-kit/api'
import { expect, it } from 'vitest'
import { getTableConfig, SQLiteTable } from '../src/drizzle.cjs'
import { type Family, openDatabase } from '../src/index.ts'
import * as audit from '../src/schema/audit.ts'
import * as log from '../src/schema/log.ts'
import * as memory from '../src/schema/memory.ts'
import * as state from '../src/schema/state.ts'

// The CommonJS build, so that it meets the same drizzle-orm as the schemas do.
const { generateSQLiteDrizzleJson, generateSQLiteMigration }: typeof import('drizzle-kit/api') = createRequire(
  import.meta.url,
)('drizzle-kit/api')

const SCHEMAS: Array<[Family, Record<string, unknown>]> = [
  ['state', state],
  ['memory', memory],
  ['audit', audit],
  ['log', log],
]

interface Column {
  name: string
  type: string
  notnull: number
  pk: number
}

it.each(SCHEMAS)(
  'has migrations that make exactly the tables, columns, keys and indexes of the schema %s',
  (family, schema) => {
    using db = openDatabase(':memory:', family)
    const tables = Object.values(schema)
      .filter((value) => value instanceof SQLiteTable)
      .map(getTableConfig)
    expect(tables.length).toBeGreaterThan(2)
    const found = db
      .prepare<[], { name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
      .all()
      .map((row) => row.name)
      .filter((name) => !name.startsWith('chunk_fts'))
    expect(found.toSorted()).toEqual(tables.map((table) => table.name).toSorted())
    for (const table of tables) {
      const columns = db
        .prepare<[string], Column>('SELECT name, type, "notnull", pk FROM pragma_table_info(?)')
        .all(table.name)
      const keys = table.primaryKeys.flatMap((key) => key.columns.map((column) => column.name))
      const expected = table.columns.map((column) => ({
        name: column.name,
        type: column.getSQLType().toUpperCase(),
        notnull: Number(column.notNull),
        pk: column.primary ? 1 : keys.indexOf(column.name) + 1,
      }))
      expect(columns.map((column) => ({ ...column, type: column.type.toUpperCase() }))).toEqual(expected)
      const indexes = db
        .prepare<[string], { name: string; columns: string }>(
          `SELECT l.name, (SELECT group_concat(i.name) FROM pragma_index_info(l.name) AS i) AS columns
         FROM pragma_index_list(?) AS l WHERE l.origin = 'c' ORDER BY l.name`,
        )
        .all(table.name)
      const wanted = table.indexes.map(({ config }) => ({
        name: config.name,
        columns: config.columns.map((column) => ('name' in column ? column.name : '')).join(','),
      }))
      expect(indexes).toEqual(wanted.toSorted((a, b) => a.name.localeCompare(b.name)))
    }
  },
)

it.each(SCHEMAS)('has nothing left that drizzle-kit would generate for the schema %s', async (family, schema) => {
  const names = readdirSync(new URL(`../migrations/${family}/meta/`, import.meta.url))
  const newest = names
    .filter((name) => name.endsWith('_snapshot.json'))
    .toSorted()
    .at(-1)
  const url = new URL(`../migrations/${family}/meta/${newest}`, import.meta.url)
  const snapshot: DrizzleSQLiteSnapshotJSON = JSON.parse(readFileSync(url, 'utf8'))
  const now = await generateSQLiteDrizzleJson(schema, snapshot.id)
  expect(await generateSQLiteMigration(snapshot, now)).toEqual([])
})

it('keeps the records of the embedded log clustered by place, which drizzle-kit cannot say', () => {
  using db = openDatabase(':memory:', 'log')
  expect(db.prepare(`SELECT wr FROM pragma_table_list('record')`).get()).toEqual({ wr: 1 })
})

it('finds a chunk by its words and forgets words and vectors with the chunk', () => {
  using db = openDatabase(':memory:', 'memory')
  db.exec(`INSERT INTO chunk (id, item, seq, text) VALUES (1, 1, 0, 'The kettle is in the attic')`)
  db.exec(`INSERT INTO chunk_fts (rowid, title, text) VALUES (1, 'Kettle', 'the kettle is in the attic')`)
  db.exec(`INSERT INTO embedding (chunk_id, model, dimension, vector) VALUES (1, 'hash-v1', 1, x'00000000')`)
  const found = () => db.prepare(`SELECT rowid FROM chunk_fts WHERE chunk_fts MATCH 'attic'`).all()
  expect(found()).toEqual([{ rowid: 1 }])
  db.exec('DELETE FROM chunk')
  expect(found()).toEqual([])
  expect(db.prepare('SELECT count(*) AS n FROM embedding').get()).toEqual({ n: 0 })
})
