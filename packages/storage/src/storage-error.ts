import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { AppError } from '@kafclaw/envelope'
import Database from 'better-sqlite3'

/** Below this much free space an I/O error of the disk is read as "full": SQLite needs room for its -wal and -shm files. */
const FULL_BELOW_BYTES = 256 * 1024

/** Makes an AppError of what SQLite, better-sqlite3 or the file system threw; an AppError passes unchanged. */
export function toStorageError(error: unknown, path: string): AppError {
  if (error instanceof AppError) return error
  const code = error instanceof Database.SqliteError ? error.code : systemCode(error)
  const options = { cause: error, details: { path, sqlite_code: code } }
  const reason = error instanceof Error ? error.message : String(error)
  switch (primaryCode(code)) {
    case 'SQLITE_FULL':
    case 'ENOSPC':
    case 'EDQUOT':
      return full(path, options)
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return new AppError(
        'KC_STORAGE_BUSY',
        `Another process kept ${path} locked for longer than the busy timeout; nothing was stored. Try again, or find the process that holds the file.`,
        options,
      )
    case 'SQLITE_CORRUPT':
    case 'SQLITE_NOTADB':
      return new AppError(
        'KC_STORAGE_CORRUPT',
        `${path} is damaged or not a SQLite database (${reason}). Restore it from a copy, or move it away with its -wal and -shm files so that a new one is made.`,
        options,
      )
    case 'SQLITE_READONLY':
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new AppError(
        'KC_STORAGE_READONLY',
        `${path} cannot be written (${reason}). Check the owner and the mode of the file and its folder, and whether the disk is mounted read-only.`,
        options,
      )
    case 'SQLITE_IOERR':
      if (isDiskFull(path)) return full(path, options)
      return new AppError(
        'KC_STORAGE_FAILED',
        `The disk failed while ${path} was used (${code}: ${reason}); nothing was stored. Check the disk and the system log.`,
        options,
      )
    case 'SQLITE_CANTOPEN':
      return new AppError(
        'KC_STORAGE_FAILED',
        `${path} cannot be opened (${reason}). Check that it is a file, that its folder exists and that both may be read and written.`,
        options,
      )
    default:
      return new AppError('KC_STORAGE_FAILED', `${path}: ${reason}`, options)
  }
}

function full(path: string, options: { cause: unknown; details: Record<string, unknown> }): AppError {
  return new AppError(
    'KC_STORAGE_FULL',
    `No space is left to store in ${path}; nothing was stored. Free some space on that disk.`,
    options,
  )
}

/** Extended result codes begin with their primary one: SQLITE_IOERR_WRITE is a SQLITE_IOERR (sqlite.org/rescode.html). */
function primaryCode(code: string): string {
  return code.startsWith('SQLITE_') ? code.split('_', 2).join('_') : code
}

function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function isDiskFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path))
    return bavail * bsize < FULL_BELOW_BYTES
  } catch {
    return false
  }
}
