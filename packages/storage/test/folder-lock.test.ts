import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { lockFolder } from '../src/index.ts'
import { appErrorOf } from './app-error-of.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A process that takes the lock of a folder and holds it until it is killed; fails when it does not get the lock. */
async function holderOf(folder: string): Promise<ChildProcess> {
  const program = `
    import { lockFolder } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
    globalThis.lock = lockFolder(${JSON.stringify(folder)}, { purpose: 'agent-worker' })
    process.stdin.resume()
    process.stdout.write('locked')`
  const child = spawn(process.execPath, ['-C', '@kafclaw/source', '--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaint += text
  })
  const ended = once(child, 'close').then(() => Promise.reject(new Error(complaint)))
  ended.catch(() => undefined)
  await Promise.race([once(child.stdout, 'data'), ended])
  return child
}

it('gives a folder to one process only and names the one that has it', async () => {
  const folder = temporaryFolder()
  const holder = await holderOf(folder)
  const error = appErrorOf(() => lockFolder(folder, { purpose: 'second' }))
  expect(error.code).toBe('KC_STORAGE_LOCKED')
  expect(error.message).toContain(`process ${holder.pid} (agent-worker)`)
  expect(error.details.pid).toBe(holder.pid)
})

it('is free again at once when its holder was killed with SIGKILL', async () => {
  const folder = temporaryFolder()
  const holder = await holderOf(folder)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  using lock = lockFolder(folder, { purpose: 'next' })
  expect(lock.folder).toBe(folder)
  const error = appErrorOf(() => lockFolder(folder, { purpose: 'third' }))
  expect(error.message).toContain(`process ${process.pid} (next)`)
})

it('refuses a second lock in the same process, and that refusal does not free the first', async () => {
  const folder = join(temporaryFolder(), 'not', 'there', 'yet')
  {
    using _lock = lockFolder(folder, { purpose: 'first' })
    expect(appErrorOf(() => lockFolder(folder, { purpose: 'second' })).code).toBe('KC_STORAGE_LOCKED')
    await expect(holderOf(folder)).rejects.toThrow(`process ${process.pid} (first)`)
  }
  using again = lockFolder(folder, { purpose: 'again' })
  expect(again.folder).toBe(folder)
})
