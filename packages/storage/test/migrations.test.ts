import { expect, it } from 'vitest'
import { getTableConfig, SQLiteTable } from '../src/drizzle.cjs'
import { type Family, openDatabase } from '../src/index.ts'
import * as audit from '../src/schema/audit.ts'
import * as log from '../src/schema/log.ts'
import * as memory from '../src/schema/memory.ts'
import * as state from '../src/schema/state.ts'

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
