import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Env } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { DataFolder, MemberKind } from './data-folder.ts'
import { agentId as agentIdKind } from './settings-kinds.ts'

/**
 * The id that a member of this data folder has when nobody gives it one: made once, `<kind>-<6 hex>`, and kept for good in
 * `<kind>.id`. Processes that start at the same time get the same one. Error: KC_CONFIG_INVALID when the file holds something else.
 */
export function keepMemberId(data: DataFolder, kind: MemberKind, env: Env): string {
  const file = data.idFile(kind)
  const kept = readKept(file)
  if (kept !== null) return checkKept(kept, file)
  const made = `${kind}-${env.randomBytes(3).toString('hex')}`
  const draft = `${file}.${process.pid}-${env.randomBytes(4).toString('hex')}`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeDurably(draft, `${made}\n`)
    linkOnce(draft, file)
    return made
  } catch (error) {
    const first = readKept(file)
    if (first !== null) return checkKept(first, file)
    const message = `the id cannot be kept in ${file}: ${error instanceof Error ? error.message : error}; make the folder writable, or choose another with KAFCLAW_DATA_DIR`
    throw new AppError('KC_CONFIG_INVALID', message, { cause: error })
  }
}

/** A link appears whole or not at all, and only the first one under a name succeeds. */
function linkOnce(draft: string, file: string): void {
  try {
    linkSync(draft, file)
  } finally {
    rmSync(draft, { force: true })
  }
}

function readKept(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return null
  }
}

function checkKept(kept: string, file: string): string {
  if (agentIdKind.read(kept) !== null) return kept
  const message = `${file} holds ${JSON.stringify(kept.slice(0, 80))}: expected ${agentIdKind.expected}; correct it, or remove the file and let a new id be made`
  throw new AppError('KC_CONFIG_INVALID', message)
}

function writeDurably(file: string, text: string): void {
  const handle = openSync(file, 'wx', 0o600)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
