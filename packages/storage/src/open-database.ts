import { existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { AppError } from '@kafclaw/envelope'
import Database from 'better-sqlite3'
import { createConnection } from './connection.ts'
import type { Db } from './database.ts'
import { APPLICATION_IDS, type Family } from './family.ts'
import { ensureFolder } from './folder.ts'
import { currentVersion, pendingMigrations } from './migrations.ts'
import { toStorageError } from './storage-error.ts'

export interface OpenOptions {
  /** Only read; the file must exist and have the version of this release. */
  readOnly?: boolean
  /** How long a call waits for the locks of other processes (default 5,000 ms). */
  busyTimeoutMs?: number
}

/** Between two tries to switch a new file to WAL while another process does the same. */
const RETRY_MS = 10

/**
 * Opens a file of a family, makes it if it is not there, and brings an older one up to this release in one transaction.
 * `:memory:` gives a database of its own that vanishes at close.
 * Errors: KC_STORAGE_NEWER (made by a newer release), KC_STORAGE_CORRUPT (damaged, or not a file of this family),
 * KC_NOT_FOUND (readOnly and not there), and those of Db.
 */
export function openDatabase(path: string, family: Family, options: OpenOptions = {}): Db {
  const { readOnly = false, busyTimeoutMs = 5_000 } = options
  if (path !== ':memory:' && !readOnly) ensureFolder(dirname(path))
  let raw: Database.Database | undefined
  try {
    raw = new Database(path, { readonly: readOnly, fileMustExist: readOnly, timeout: busyTimeoutMs })
    const version = readVersion(raw, path, family)
    if (version < currentVersion(family) && readOnly) throw olderThanThisRelease(path, version, currentVersion(family))
    configure(raw, path, { readOnly, busyTimeoutMs })
    if (version < currentVersion(family)) upgrade(raw, path, family)
    return createConnection(raw, path)
  } catch (error) {
    raw?.close()
    if (readOnly && !existsSync(path)) throw notFound(path, error)
    throw toStorageError(error, path)
  }
}

/** The version of a file; refuses what is not a file of this family or comes from a newer release. */
function readVersion(raw: Database.Database, path: string, family: Family): number {
  // One read transaction: another process may be making the same file at this moment.
  const { id, version, tables } = raw.transaction(() => ({
    id: Number(raw.pragma('application_id', { simple: true })),
    version: Number(raw.pragma('user_version', { simple: true })),
    tables: Number(raw.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()),
  }))()
  if (id === 0 && version === 0 && tables === 0) return 0
  if (id !== APPLICATION_IDS[family]) throw notOurs(path, family, id)
  if (version > currentVersion(family)) throw newerThanThisRelease(path, version, currentVersion(family))
  return version
}

/** Nothing that was committed is lost with the power: WAL with a sync at each commit. */
function configure(raw: Database.Database, path: string, options: Required<OpenOptions>): void {
  // Of a new file; any other keeps the pages it has.
  raw.pragma(`page_size = ${PAGE_BYTES}`)
  if (!options.readOnly && path !== ':memory:') switchToWal(raw, path, options.busyTimeoutMs)
  raw.pragma('synchronous = FULL')
  raw.pragma('foreign_keys = OFF')
  raw.pragma('temp_store = MEMORY')
  raw.pragma('cache_size = -32000')
  raw.pragma(`wal_autocheckpoint = ${checkpointPages(path, Number(raw.pragma('page_size', { simple: true })))}`)
  // A checkpoint leaves the -wal file at its size; after an unusually large transaction it is cut back to this.
  raw.pragma('journal_size_limit = 67108864')
}

/** The same pages change again and again (an outbox fills and empties): copied back less often, they are copied fewer times. */
const CHECKPOINT_BYTES = 16 * 1024 * 1024

/** Rows have some hundred bytes: larger pages hold more of them, and a batch of tasks changes fewer. */
const PAGE_BYTES = 8192

/** On a small disk the changes that wait must not take the room of what they are to become: an eighth of what is free. */
function checkpointPages(path: string, pageBytes: number): number {
  const most = Math.floor(CHECKPOINT_BYTES / pageBytes)
  if (path === ':memory:') return most
  const { bavail, bsize } = statfsSync(dirname(path))
  return Math.max(1, Math.min(most, Math.floor((bavail * bsize) / 8 / pageBytes)))
}

/** SQLite does not wait for a lock while it changes the journal mode, so two processes that make one file must try again. */
function switchToWal(raw: Database.Database, path: string, busyTimeoutMs: number): void {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    try {
      const mode = raw.pragma('journal_mode = WAL', { simple: true })
      if (mode === 'wal') return
      throw new AppError(
        'KC_STORAGE_FAILED',
        `The file system of ${path} does not support SQLite's WAL (shared memory). Use a local disk.`,
      )
    } catch (error) {
      const busy = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
      if (!busy || waitedMs >= busyTimeoutMs) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
    }
  }
}

/** All steps in one transaction: a crash or an error leaves the file as the older release knows it. */
function upgrade(raw: Database.Database, path: string, family: Family): void {
  raw
    .transaction(() => {
      // Under the write lock now; another process may have done it meanwhile.
      const version = readVersionUnderLock(raw, path, family)
      for (const migration of pendingMigrations(family, version)) {
        for (const statement of migration.statements) raw.exec(statement)
      }
      raw.pragma(`application_id = ${APPLICATION_IDS[family]}`)
      raw.pragma(`user_version = ${currentVersion(family)}`)
    })
    .immediate()
}

function readVersionUnderLock(raw: Database.Database, path: string, family: Family): number {
  const version = Number(raw.pragma('user_version', { simple: true }))
  if (version > currentVersion(family)) throw newerThanThisRelease(path, version, currentVersion(family))
  return version
}

function newerThanThisRelease(path: string, fileVersion: number, version: number): AppError {
  return new AppError(
    'KC_STORAGE_NEWER',
    `${path} has schema version ${fileVersion}, this release knows only up to ${version}. Run the newer release that made it, or use another data directory.`,
    { details: { path, file_version: fileVersion, release_version: version } },
  )
}

function olderThanThisRelease(path: string, fileVersion: number, version: number): AppError {
  return new AppError(
    'KC_STORAGE_READONLY',
    `${path} has schema version ${fileVersion} and must be brought to ${version}, but is opened only for reading. Start the service that owns it once with this release.`,
    { details: { path, file_version: fileVersion, release_version: version } },
  )
}

function notOurs(path: string, family: Family, applicationId: number): AppError {
  const other = Object.entries(APPLICATION_IDS).find(([, id]) => id === applicationId)?.[0]
  const what = other ? `KafClaw's ${other} file` : 'a SQLite file of another program'
  return new AppError(
    'KC_STORAGE_CORRUPT',
    `${path} is ${what}, not KafClaw's ${family} file. Move it away or use another data directory.`,
    {
      details: { path, family, application_id: applicationId },
    },
  )
}

function notFound(path: string, cause: unknown): AppError {
  return new AppError(
    'KC_NOT_FOUND',
    `${path} does not exist yet. Start the service that makes it, or check the path.`,
    {
      cause,
      details: { path },
    },
  )
}
