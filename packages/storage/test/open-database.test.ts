import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { openDatabase } from '../src/index.ts'
import { currentVersion, pendingMigrations } from '../src/migrations.ts'
import { appErrorOf } from './app-error-of.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A memory file as the first migration alone left it, with one row. */
function olderFile(path: string): void {
  const raw = new Database(path)
  for (const statement of pendingMigrations('memory', 0)[0]?.statements ?? []) raw.exec(statement)
  raw.exec(`INSERT INTO meta (name, value) VALUES ('kept', 'x')`)
  raw.pragma(`application_id = ${0x4b434d45}`)
  raw.pragma('user_version = 1')
  raw.close()
}

it('makes a new file with its folders, in WAL with a sync at each commit', () => {
  const path = join(temporaryFolder(), 'group', 'agent', 'state.db')
  using db = openDatabase(path, 'state')
  expect(db.pragma('journal_mode')).toBe('wal')
  expect(db.pragma('synchronous')).toBe(2)
  expect(db.pragma('user_version')).toBe(currentVersion('state'))
  expect(db.path).toBe(path)
})

it('brings an older file up to this release and keeps its rows', () => {
  const path = join(temporaryFolder(), 'memory.db')
  olderFile(path)
  using db = openDatabase(path, 'memory')
  expect(db.pragma('user_version')).toBe(currentVersion('memory'))
  expect(db.prepare('SELECT name FROM meta').all()).toEqual([{ name: 'kept' }])
  expect(db.prepare('SELECT count(*) AS n FROM chunk_fts').get()).toEqual({ n: 0 })
})

it('keeps the tasks, requests and steps of a state file of the first release', () => {
  const path = join(temporaryFolder(), 'state.db')
  const raw = new Database(path)
  for (const statement of pendingMigrations('state', 0)[0]?.statements ?? []) raw.exec(statement)
  raw.exec(`
    INSERT INTO task (task_id, first_seen_ms, claim) VALUES ('task_b', 2, '{}'), ('task_a', 1, NULL);
    INSERT INTO task_request VALUES ('task_b', 'topic/0/1', '{"b":1}'), ('task_a', 'topic/0/2', '{"a":1}');
    INSERT INTO run_step (task_id, attempt, step, redo, phase, run_id, record_id, at_ms)
      VALUES ('task_a', 1, 0, 0, 'result', 'run', 'record', 5), ('task_a', 1, 0, 0, 'intent', 'run', 'record', 4);
    INSERT INTO timeline (at_ms, kind, type, record_id, summary) VALUES (1, 'sent', 'response', 'record', '');
    INSERT INTO outbox (topic, partition, value, timeline_seq) VALUES ('topic', 3, x'7b7d', 1);
    PRAGMA application_id = ${0x4b435354};
    PRAGMA user_version = 1`)
  raw.close()
  using db = openDatabase(path, 'state')
  const all = (sql: string): unknown[] => db.prepare(sql).all()
  expect(all('SELECT task_id, first_seen_ms, claim FROM task ORDER BY task_id')).toEqual([
    { task_id: 'task_a', first_seen_ms: 1, claim: null },
    { task_id: 'task_b', first_seen_ms: 2, claim: '{}' },
  ])
  expect(all('SELECT * FROM task_request ORDER BY task_id')).toEqual([
    { task_id: 'task_a', place: 'topic/0/2', envelope: '{"a":1}' },
    { task_id: 'task_b', place: 'topic/0/1', envelope: '{"b":1}' },
  ])
  expect(all('SELECT phase, at_ms FROM run_step ORDER BY phase')).toEqual([
    { phase: 'intent', at_ms: 4 },
    { phase: 'result', at_ms: 5 },
  ])
  expect(all('SELECT first_timeline_seq, parked FROM outbox')).toEqual([{ first_timeline_seq: 1, parked: null }])
  expect(all('SELECT topic, "partition", "offset" FROM timeline')).toEqual([
    { topic: 'topic', partition: 3, offset: null },
  ])
})

it('leaves an older file as it was when a step of the upgrade fails', () => {
  const path = join(temporaryFolder(), 'memory.db')
  olderFile(path)
  const schemaOf = (raw: Database.Database) => raw.prepare('SELECT name, sql FROM sqlite_schema').all()
  const before = new Database(path)
  // The second step makes its virtual table, and then a trigger on this one.
  before.exec('DROP TABLE chunk')
  const schema = schemaOf(before)
  before.close()
  expect(appErrorOf(() => openDatabase(path, 'memory')).code).toBe('KC_STORAGE_FAILED')
  const after = new Database(path)
  expect(after.pragma('user_version', { simple: true })).toBe(1)
  expect(schemaOf(after)).toEqual(schema)
  after.close()
})

it('refuses a file of a newer release, naming both versions and what to do, and does not change it', () => {
  const path = join(temporaryFolder(), 'state.db')
  {
    using db = openDatabase(path, 'state')
    db.pragma('user_version = 97')
    db.pragma('wal_checkpoint(TRUNCATE)')
  }
  const before = readFileSync(path)
  const error = appErrorOf(() => openDatabase(path, 'state'))
  expect(error.code).toBe('KC_STORAGE_NEWER')
  expect(error.message).toContain('version 97')
  expect(error.message).toContain(`up to ${currentVersion('state')}`)
  expect(error.message).toContain('Run the newer release')
  expect(readFileSync(path).equals(before)).toBe(true)
})

it('refuses a file of another family or another program', () => {
  const folder = temporaryFolder()
  openDatabase(join(folder, 'audit.db'), 'audit').close()
  const family = appErrorOf(() => openDatabase(join(folder, 'audit.db'), 'state'))
  expect(family.code).toBe('KC_STORAGE_CORRUPT')
  expect(family.message).toContain(`KafClaw's audit file`)
  const other = new Database(join(folder, 'other.db'))
  other.exec('CREATE TABLE notes (text)')
  other.close()
  const foreign = appErrorOf(() => openDatabase(join(folder, 'other.db'), 'state'))
  expect(foreign.code).toBe('KC_STORAGE_CORRUPT')
  expect(foreign.message).toContain('another program')
  const untouched = new Database(join(folder, 'other.db'))
  expect(untouched.pragma('journal_mode', { simple: true })).toBe('delete')
  untouched.close()
})

it('refuses an older file that is only to be read', () => {
  const path = join(temporaryFolder(), 'memory.db')
  olderFile(path)
  const error = appErrorOf(() => openDatabase(path, 'memory', { readOnly: true }))
  expect(error.code).toBe('KC_STORAGE_READONLY')
  expect(error.message).toContain('Start the service that owns it')
})

it('lets a reader see what a writer in another connection committed', () => {
  const path = join(temporaryFolder(), 'state.db')
  using writer = openDatabase(path, 'state')
  using reader = openDatabase(path, 'state', { readOnly: true })
  writer.prepare(`INSERT INTO meta (name, value) VALUES ('a', 'b')`).run()
  expect(reader.prepare('SELECT value FROM meta').all()).toEqual([{ value: 'b' }])
})

it('makes one file when several processes open the same new path at once', async () => {
  const path = join(temporaryFolder(), 'memory.db')
  const program = `
    import { openDatabase } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
    process.stdin.once('data', () => {
      const db = openDatabase(${JSON.stringify(path)}, 'memory')
      db.prepare('INSERT INTO meta (name, value) VALUES (?, 1)').run(String(process.pid))
      db.close()
      process.exit(0)
    })
    process.stdout.write('ready')`
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['-C', '@kafclaw/source', '--input-type=module', '-e', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  )
  await Promise.all(children.map((child) => once(child.stdout, 'data')))
  const exits = children.map((child) => once(child, 'exit'))
  for (const child of children) child.stdin.write('go')
  expect((await Promise.all(exits)).map(([code]) => code)).toEqual([0, 0, 0, 0])
  using db = openDatabase(path, 'memory')
  expect(db.prepare('SELECT name FROM meta').all()).toHaveLength(4)
})

it('keeps what was committed when the process is killed in the middle of a transaction', async () => {
  const path = join(temporaryFolder(), 'state.db')
  const program = `
    import { openDatabase } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
    const db = openDatabase(${JSON.stringify(path)}, 'state')
    const insert = db.prepare('INSERT INTO meta (name, value) VALUES (?, 1)')
    db.transaction(() => insert.run('committed'))
    db.transaction(() => {
      insert.run('not committed')
      process.kill(process.pid, 'SIGKILL')
    })`
  const child = spawn(process.execPath, ['-C', '@kafclaw/source', '--input-type=module', '-e', program], {
    stdio: 'inherit',
  })
  expect((await once(child, 'exit'))[1]).toBe('SIGKILL')
  using db = openDatabase(path, 'state')
  expect(db.prepare('SELECT name FROM meta').all()).toEqual([{ name: 'committed' }])
})
