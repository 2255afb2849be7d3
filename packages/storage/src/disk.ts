import type { Db } from './database.ts'
import type { Family } from './family.ts'
import { type FolderLock, lockFolder } from './folder-lock.ts'
import { openDatabase } from './open-database.ts'

/** Where a service keeps what must outlive it; like clock and log it is handed in, so that a crash can be simulated. */
export interface Disk {
  /** Takes a folder for this process. Error: KC_STORAGE_LOCKED when another one has it. */
  lock(folder: string, options: { purpose: string }): FolderLock
  /** Opens a file for reading and writing, makes it if it is not there. Errors: those of openDatabase. */
  open(path: string, family: Family): Db
}

/** The file system of this machine. */
export function createDisk(): Disk {
  return { lock: lockFolder, open: openDatabase }
}
