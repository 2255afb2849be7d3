import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

let folder: string
let lock: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kafclaw-lock-'))
  lock = join(folder, 'lock')
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

// What runs under the lock notes its beginning and end; two at once would show as two beginnings in a row.
const CRITICAL = `
import { appendFileSync } from 'node:fs'
import { withLock } from ${JSON.stringify(join(import.meta.dirname, 'set-up-lock.mjs'))}
const [lock, notes] = process.argv.slice(2)
withLock(lock, () => {}, () => {
  appendFileSync(notes, 'begin ')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30)
  appendFileSync(notes, 'end ')
})
`

async function runTogether(count: number): Promise<string> {
  const script = join(folder, 'critical.mjs')
  const notes = join(folder, 'notes')
  writeFileSync(script, CRITICAL)
  appendFileSync(notes, '')
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, [script, lock, notes], { stdio: 'inherit' }),
  )
  await Promise.all(children.map((child) => once(child, 'exit')))
  return readFileSync(notes, 'utf8')
}

it('lets one process at a time do the set-up', async () => {
  expect(await runTogether(6)).toBe('begin end '.repeat(6))
})

it('takes the lock of a dead process over, and still lets only one in', async () => {
  // Above the highest process id of Linux and of macOS.
  writeFileSync(lock, `${hostname()} 99999999 1`)
  expect(await runTogether(6)).toBe('begin end '.repeat(6))
})

it('takes over the lock of a process whose number was given to another one', async () => {
  writeFileSync(lock, `${hostname()} ${process.pid} 1`)
  expect(await runTogether(1)).toBe('begin end ')
})
