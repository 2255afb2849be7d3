import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

const STOPPED_WITHIN_MS = 5000

/** Stops a process in its tracks; resolves when none of its threads runs any more, which on a busy machine is later than the signal. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  const deadlineMs = performance.now() + STOPPED_WITHIN_MS
  while (!(await isStopped(pid)) && performance.now() < deadlineMs) await delay(2)
}

/** By procfs (proc(5)): the state stands behind the name in parentheses. Where there is none, the signal has to do. */
async function isStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  const states = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => ') T')),
  )
  return states.every((stat) => /\) [TtXZ]/.test(stat))
}
