import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystemEnv } from '@kafclaw/env'
import { expect, it, vi } from 'vitest'
import { spawnGroup } from './spawn-group.ts'

const env = createSystemEnv()
const PATIENCE = { timeout: 20_000, interval: 20 }

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

it('gives what a program wrote and how it ended', async () => {
  const options = {
    env,
    signal: new AbortController().signal,
    args: ['-c', 'cat; echo oops >&2; exit 3'],
    input: 'hello',
  }
  expect(await spawnGroup('/bin/sh', options)).toEqual({ exitCode: 3, stdout: 'hello', stderr: 'oops\n' })
})

it('ends the children of the program too, also those that do not listen to SIGTERM', async () => {
  const controller = new AbortController()
  const script = `trap '' TERM; (trap '' TERM; echo $$; while :; do /bin/sleep 0.1; done) & echo $!; wait; while :; do /bin/sleep 0.1; done`
  let pids: number[] = []
  const folder = mkdtempSync(join(tmpdir(), 'kafclaw-spawn-'))
  const running = spawnGroup('/bin/sh', {
    env,
    signal: controller.signal,
    args: ['-c', `(${script}) > ${folder}/pids`],
    graceMs: 100,
  })
  await vi.waitFor(() => {
    pids = readFileSync(`${folder}/pids`, 'utf8').trim().split('\n').map(Number)
    expect(pids).toHaveLength(2)
  }, PATIENCE)
  controller.abort(new Error('cancelled'))
  await expect(running).rejects.toThrow('cancelled')
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), PATIENCE)
  rmSync(folder, { recursive: true })
})

it('says what is wrong when the program is not there', async () => {
  const started = spawnGroup('/nowhere/program', { env, signal: new AbortController().signal })
  await expect(started).rejects.toMatchObject({ code: 'KC_TOOL_FAILED' })
})
