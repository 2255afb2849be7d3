// A lock between processes for the set-up of this checkout. Plain JavaScript for Node 18 or later.
import * as fs from 'node:fs'
import { hostname } from 'node:os'

const POLL_MS = 100
const SAY_AFTER_MS = 1_000
const GIVE_UP_AFTER_MS = 15 * 60_000
/** Between the creation of a lock file and the name of its owner in it lies less than this. */
const UNNAMED_FOR_MS = 5_000

/** Runs `fn` while no other process holds `path`; a lock whose owner died is taken over. */
export function withLock(path, say, fn) {
  acquire(path, say)
  try {
    return fn()
  } finally {
    fs.rmSync(path, { force: true })
  }
}

function acquire(path, say) {
  const startedAt = Date.now()
  let said = false
  while (!tryCreate(path)) {
    if (isAbandoned(path)) takeAway(path)
    const waitedMs = Date.now() - startedAt
    if (waitedMs > GIVE_UP_AFTER_MS)
      throw new Error(`waited too long for another set-up; if none is running, remove ${path}`)
    if (!said && waitedMs > SAY_AFTER_MS) {
      said = true
      say('waiting for another set-up of this checkout')
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS)
  }
}

function tryCreate(path) {
  try {
    fs.writeFileSync(path, owner(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

/** Host, process id and, where the system tells it, the start of the process: a number alone may have been given again. */
function owner(pid) {
  let started = ''
  try {
    // Field 22 of proc(5); the name of the program in field 2 may itself hold spaces and brackets.
    started = fs
      .readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19]
  } catch {
    // Not Linux.
  }
  return `${hostname()} ${pid} ${started}`
}

function isAbandoned(path) {
  try {
    const text = fs.readFileSync(path, 'utf8')
    if (text === '') return Date.now() - fs.statSync(path).mtimeMs > UNNAMED_FOR_MS
    const [host, pid] = text.split(' ')
    return host === hostname() && (!isAlive(Number(pid)) || owner(pid) !== text)
  } catch {
    return false
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code !== 'ESRCH'
  }
}

/** Only one process at a time takes an abandoned lock away, and looks again first: it may be a new owner's by now. */
function takeAway(path) {
  const taking = `${path}.taking`
  try {
    fs.mkdirSync(taking)
  } catch {
    if (Date.now() - modifiedAt(taking) > UNNAMED_FOR_MS) fs.rmSync(taking, { recursive: true, force: true })
    return
  }
  if (isAbandoned(path)) fs.rmSync(path, { force: true })
  fs.rmSync(taking, { recursive: true, force: true })
}

function modifiedAt(path) {
  return fs.existsSync(path) ? fs.statSync(path).mtimeMs : Date.now()
}
