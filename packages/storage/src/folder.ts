import { mkdirSync } from 'node:fs'
import { toStorageError } from './storage-error.ts'

/** Makes a folder and those above it, for the owner only, if they are not there. Errors: KC_STORAGE_READONLY, KC_STORAGE_FULL, KC_STORAGE_FAILED. */
export function ensureFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw toStorageError(error, path)
  }
}
