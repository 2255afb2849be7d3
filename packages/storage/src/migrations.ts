import { readFileSync } from 'node:fs'
import { AppError } from '@kafclaw/envelope'
import type { Family } from './family.ts'

/** One step of a family's schema: its statements in order. */
export interface Migration {
  name: string
  statements: string[]
}

/** Beside `src` and beside `dist`, in the sources as in a bundle. */
const FOLDER = new URL('../migrations/', import.meta.url)

const names = new Map<Family, readonly string[]>()

/** The version that this release gives to files of a family: the number of its migrations, in drizzle-kit's journal. */
export function currentVersion(family: Family): number {
  return migrationNames(family).length
}

/** The migrations that a file of version `fromVersion` still needs, oldest first. */
export function pendingMigrations(family: Family, fromVersion: number): Migration[] {
  return migrationNames(family)
    .slice(fromVersion)
    .map((name) => ({ name, statements: read(`${family}/${name}.sql`).split('--> statement-breakpoint') }))
}

function migrationNames(family: Family): readonly string[] {
  let known = names.get(family)
  if (!known) {
    known = parseJournal(read(`${family}/meta/_journal.json`))
    names.set(family, known)
  }
  return known
}

function parseJournal(text: string): string[] {
  const journal = JSON.parse(text) as { entries: Array<{ tag: string }> }
  return journal.entries.map((entry) => entry.tag)
}

function read(path: string): string {
  const url = new URL(path, FOLDER)
  try {
    return readFileSync(url, 'utf8')
  } catch (cause) {
    throw new AppError(
      'KC_STORAGE_FAILED',
      `${url.pathname} is missing: this installation is not complete. Install it again.`,
      { cause },
    )
  }
}
