import { spawnSync } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { createConnection } from '../src/connection.ts'
import { ensureFolder, openDatabase } from '../src/index.ts'
import { toStorageError } from '../src/storage-error.ts'
import { appErrorOf } from './app-error-of.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { unprivileged } from './unprivileged.ts'

const INSERT = 'INSERT INTO meta (name, value) VALUES (?, ?)'

it('reports a full database as KC_STORAGE_FULL and keeps what was stored before', () => {
  using db = openDatabase(join(temporaryFolder(), 'state.db'), 'state')
  db.prepare(INSERT).run('kept', 'x')
  db.pragma(`max_page_count = ${Number(db.pragma('page_count')) + 2}`)
  const error = appErrorOf(() => db.transaction(() => db.prepare(INSERT).run('big', 'x'.repeat(100_000))))
  expect(error.code).toBe('KC_STORAGE_FULL')
  expect(error.retryable).toBe(true)
  expect(error.message).toContain(db.path)
  expect(db.prepare('SELECT name FROM meta').all()).toEqual([{ name: 'kept' }])
  db.transaction(() => db.prepare(INSERT).run('small', 'x'))
})

it('reports a write lock of another connection as KC_STORAGE_BUSY after the busy timeout', () => {
  const path = join(temporaryFolder(), 'state.db')
  using holder = openDatabase(path, 'state')
  using db = openDatabase(path, 'state', { busyTimeoutMs: 20 })
  holder.transaction(() => {
    expect(appErrorOf(() => db.transaction(() => 1)).code).toBe('KC_STORAGE_BUSY')
    expect(appErrorOf(() => db.prepare(INSERT).run('a', 'b')).code).toBe('KC_STORAGE_BUSY')
  })
  db.prepare(INSERT).run('a', 'b')
})

it('reports a disk without space as KC_STORAGE_FULL and goes on when there is space again', ({ skip }) => {
  const disk = temporaryFolder()
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk])
  if (mounted.status !== 0) skip('a small disk can only be mounted by root')
  try {
    using db = openDatabase(join(disk, 'state.db'), 'state')
    const store = (name: string) => db.transaction(() => db.prepare(INSERT).run(name, 'x'.repeat(5_000)).changes)
    store('first')
    writeFileSync(join(disk, 'other'), Buffer.alloc(16 * statfsSync(disk).bsize))
    const full = appErrorOf(() => {
      for (let i = 0; i < 500; i++) store(`row-${i}`)
    })
    expect(full.code).toBe('KC_STORAGE_FULL')
    const stored = db.prepare('SELECT name FROM meta').all().length
    expect(appErrorOf(() => openDatabase(join(disk, 'new.db'), 'state')).code).toBe('KC_STORAGE_FULL')
    rmSync(join(disk, 'new.db'), { force: true })
    rmSync(join(disk, 'other'))
    expect(store('after')).toBe(1)
    expect(db.prepare('SELECT name FROM meta').all()).toHaveLength(stored + 1)
  } finally {
    spawnSync('umount', [disk])
  }
})

it('changes the same rows for ever on a small disk, whose room its log of changes does not take', ({ skip }) => {
  const disk = temporaryFolder()
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk])
  if (mounted.status !== 0) skip('a small disk can only be mounted by root')
  try {
    using db = openDatabase(join(disk, 'state.db'), 'state')
    db.prepare(INSERT).run('row', '')
    const update = db.prepare<[string]>(`update meta set value = ? where name = 'row'`)
    for (let i = 0; i < 1000; i++) db.transaction(() => update.run(`${i}${'x'.repeat(5_000)}`))
    expect(db.prepare<[], { value: string }>('select value from meta').get()?.value).toMatch(/^999x/)
  } finally {
    spawnSync('umount', [disk])
  }
})

it('reports a table that is being read on the same connection as KC_STORAGE_BUSY when it is to be dropped', () => {
  const raw = new Database(':memory:')
  raw.exec('CREATE TABLE a (b); INSERT INTO a VALUES (1), (2)')
  raw.unsafeMode()
  const rows = raw.prepare('SELECT b FROM a').iterate()
  rows.next()
  const db = createConnection(raw, ':memory:')
  const error = appErrorOf(() => db.exec('DROP TABLE a'))
  expect(error.details.sqlite_code).toBe('SQLITE_LOCKED')
  expect(error.code).toBe('KC_STORAGE_BUSY')
  rows.return?.()
})

it('refuses a file that is no database as KC_STORAGE_CORRUPT and leaves it as it is', () => {
  const path = join(temporaryFolder(), 'state.db')
  writeFileSync(path, 'a text, and by far not a database. '.repeat(200))
  const error = appErrorOf(() => openDatabase(path, 'state'))
  expect(error.code).toBe('KC_STORAGE_CORRUPT')
  expect(error.message).toContain('Restore it from a copy')
})

it('reports damaged pages as KC_STORAGE_CORRUPT when they are read', () => {
  const path = join(temporaryFolder(), 'state.db')
  let pageBytes = 0
  {
    using db = openDatabase(path, 'state')
    pageBytes = Number(db.pragma('page_size'))
    for (let i = 0; i < 200; i++) db.prepare(INSERT).run(`name-${i}`, 'x'.repeat(200))
    db.pragma('wal_checkpoint(TRUNCATE)')
  }
  const file = openSync(path, 'r+')
  // Everything but the first page, which holds the header and the schema.
  for (let page = 1; page < 60; page++) writeSync(file, Buffer.alloc(pageBytes, 0x5a), 0, pageBytes, page * pageBytes)
  closeSync(file)
  using db = openDatabase(path, 'state')
  expect(appErrorOf(() => db.prepare('SELECT * FROM meta').all()).code).toBe('KC_STORAGE_CORRUPT')
})

it('reports a write to a database that was opened for reading as KC_STORAGE_READONLY', () => {
  const path = join(temporaryFolder(), 'state.db')
  openDatabase(path, 'state').close()
  using db = openDatabase(path, 'state', { readOnly: true })
  expect(appErrorOf(() => db.prepare(INSERT).run('a', 'b')).code).toBe('KC_STORAGE_READONLY')
})

it('reports a file and a folder whose modes forbid writing as KC_STORAGE_READONLY', () => {
  const folder = temporaryFolder()
  const path = join(folder, 'state.db')
  openDatabase(path, 'state').close()
  chmodSync(path, 0o444)
  chmodSync(folder, 0o555)
  const file = appErrorOf(() => unprivileged(() => openDatabase(path, 'state')))
  expect(file.code).toBe('KC_STORAGE_READONLY')
  expect(file.message).toContain('Check the owner and the mode')
  expect(appErrorOf(() => unprivileged(() => ensureFolder(join(folder, 'agent')))).code).toBe('KC_STORAGE_READONLY')
})

it('reports a path that cannot be a file as KC_STORAGE_FAILED with what to check', () => {
  const folder = join(temporaryFolder(), 'state.db')
  mkdirSync(folder)
  const error = appErrorOf(() => openDatabase(folder, 'state'))
  expect(error.code).toBe('KC_STORAGE_FAILED')
  expect(error.message).toContain('Check that it is a file')
})

it('reports a missing file that is only to be read as KC_NOT_FOUND and does not make it', () => {
  const path = join(temporaryFolder(), 'nowhere', 'state.db')
  expect(appErrorOf(() => openDatabase(path, 'state', { readOnly: true })).code).toBe('KC_NOT_FOUND')
})

it('reports a wrong statement, a broken constraint and a closed database as KC_STORAGE_FAILED', () => {
  const db = openDatabase(':memory:', 'state')
  expect(appErrorOf(() => db.prepare('SELECT nothing FROM nowhere')).code).toBe('KC_STORAGE_FAILED')
  db.prepare(INSERT).run('a', 'b')
  const error = appErrorOf(() => db.prepare(INSERT).run('a', 'b'))
  expect(error.code).toBe('KC_STORAGE_FAILED')
  expect(error.details.sqlite_code).toBe('SQLITE_CONSTRAINT_PRIMARYKEY')
  db.close()
  db.close()
  expect(appErrorOf(() => db.prepare('SELECT 1')).code).toBe('KC_STORAGE_FAILED')
})

it.each([
  ['SQLITE_FULL', 'KC_STORAGE_FULL'],
  ['SQLITE_BUSY_SNAPSHOT', 'KC_STORAGE_BUSY'],
  ['SQLITE_LOCKED_SHAREDCACHE', 'KC_STORAGE_BUSY'],
  ['SQLITE_CORRUPT_INDEX', 'KC_STORAGE_CORRUPT'],
  ['SQLITE_READONLY_DBMOVED', 'KC_STORAGE_READONLY'],
  ['SQLITE_IOERR_FSYNC', 'KC_STORAGE_FAILED'],
  ['SQLITE_CANTOPEN_ISDIR', 'KC_STORAGE_FAILED'],
])('maps %s, by its first word, to %s', (sqliteCode, code) => {
  const error = toStorageError(new Database.SqliteError('reason', sqliteCode), '/nowhere/state.db')
  expect(error.code).toBe(code)
  expect(error.details).toEqual({ path: '/nowhere/state.db', sqlite_code: sqliteCode })
})
