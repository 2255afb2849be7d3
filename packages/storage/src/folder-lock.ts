import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '@kafclaw/envelope'
import Database from 'better-sqlite3'
import { ensureFolder } from './folder.ts'
import { toStorageError } from './storage-error.ts'

/** The right to be the only process that works in a folder; ends when it is disposed of or the process ends. */
export interface FolderLock extends Disposable {
  readonly folder: string
}

/**
 * Takes a folder for this process, makes the folder if needed. `purpose` names the holder to the one that comes second.
 * Error: KC_STORAGE_LOCKED with the pid of the holder, in this process too.
 *
 * The lock is SQLite's exclusive lock on an empty file: the operating system drops it with the process, so kill -9
 * leaves nothing behind. The file must never be opened by other means in this process: closing any other descriptor
 * of it would drop the lock (POSIX advisory locks). Who holds it is told by a file beside it.
 */
export function lockFolder(folder: string, options: { purpose: string }): FolderLock {
  ensureFolder(folder)
  const path = join(folder, 'lock.db')
  const holderPath = join(folder, 'lock.json')
  const raw = openLockFile(path)
  try {
    raw.exec('BEGIN EXCLUSIVE')
    writeFileSync(holderPath, JSON.stringify({ pid: process.pid, purpose: options.purpose }))
  } catch (error) {
    raw.close()
    const busy = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
    throw busy ? locked(folder, readHolder(holderPath)) : toStorageError(error, path)
  }
  return { folder, [Symbol.dispose]: () => void raw.close() }
}

function openLockFile(path: string): Database.Database {
  try {
    return new Database(path, { timeout: 0 })
  } catch (error) {
    throw toStorageError(error, path)
  }
}

/** Text that the holder wrote right after it got the lock; empty in that moment, or when it cannot be read. */
function readHolder(holderPath: string): { pid: number | null; purpose: string } {
  try {
    const holder: unknown = JSON.parse(readFileSync(holderPath, 'utf8'))
    if (typeof holder === 'object' && holder !== null && 'pid' in holder && 'purpose' in holder) {
      return { pid: Number(holder.pid), purpose: String(holder.purpose) }
    }
  } catch {
    // Without the file the message is less helpful, the lock is the same.
  }
  return { pid: null, purpose: 'another process' }
}

function locked(folder: string, holder: { pid: number | null; purpose: string }): AppError {
  const who = holder.pid === null ? holder.purpose : `process ${holder.pid} (${holder.purpose})`
  return new AppError(
    'KC_STORAGE_LOCKED',
    `${folder} is in use by ${who}. Stop it first, or give this one another agent id or data directory.`,
    {
      details: { folder, pid: holder.pid, purpose: holder.purpose },
    },
  )
}
