import { expect, it } from 'vitest'
import { openDatabase } from '../src/index.ts'
import { appErrorOf } from './app-error-of.ts'

function openMeta() {
  const db = openDatabase(':memory:', 'state')
  return {
    db,
    put: (name: string) => db.prepare<[string]>('INSERT INTO meta (name, value) VALUES (?, 1)').run(name),
    names: () =>
      db
        .prepare<[], { name: string }>('SELECT name FROM meta ORDER BY name')
        .all()
        .map((row) => row.name),
  }
}

it('stores all of a transaction or nothing, and hands its result and its error on', () => {
  const { db, put, names } = openMeta()
  expect(db.transaction(() => put('a').changes)).toBe(1)
  const failure = new Error('mine')
  expect(() =>
    db.transaction(() => {
      put('b')
      throw failure
    }),
  ).toThrow(failure)
  expect(names()).toEqual(['a'])
})

it('lets the outer transaction go on when an inner one failed, without the effects of the inner one', () => {
  const { db, put, names } = openMeta()
  db.transaction(() => {
    put('a')
    expect(() =>
      db.transaction(() => {
        put('b')
        db.transaction(() => put('c'))
        throw new Error('inner')
      }),
    ).toThrow('inner')
    db.transaction(() => put('d'))
  })
  expect(names()).toEqual(['a', 'd'])
})

it('undoes what an inner transaction did when the outer one fails later', () => {
  const { db, put, names } = openMeta()
  expect(() =>
    db.transaction(() => {
      db.transaction(() => put('a'))
      throw new Error('outer')
    }),
  ).toThrow('outer')
  expect(names()).toEqual([])
})

it('refuses an asynchronous function and keeps nothing of it', () => {
  const { db, put, names } = openMeta()
  expect(() => db.transaction(async () => put('a'))).toThrow('synchronous')
  expect(names()).toEqual([])
})

it('refuses to write on when SQLite has undone the transaction behind an error that was caught', () => {
  const { db, put, names } = openMeta()
  const error = appErrorOf(() =>
    db.transaction(() => {
      put('a')
      try {
        db.prepare(`INSERT OR ROLLBACK INTO meta (name, value) VALUES ('a', 1)`).run()
      } catch {
        // What a caller must not do, and does.
      }
      put('b')
    }),
  )
  expect(error.code).toBe('KC_STORAGE_FAILED')
  expect(names()).toEqual([])
})

it('reads rows of a statement while the same statement runs again', () => {
  const { db, put } = openMeta()
  put('a')
  put('b')
  const statement = db.prepare<[], { name: string }>('SELECT name FROM meta ORDER BY name')
  const pairs: string[] = []
  for (const outer of statement.iterate()) for (const inner of statement.iterate()) pairs.push(outer.name + inner.name)
  expect(pairs).toEqual(['aa', 'ab', 'ba', 'bb'])
  expect(statement.get()).toEqual({ name: 'a' })
  put('c')
  expect(statement.all()).toHaveLength(3)
})

it('keeps a statement by its text', () => {
  const { db } = openMeta()
  expect(db.prepare('SELECT 1')).toBe(db.prepare('SELECT 1'))
})
