import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createMemoryGroup, type MemoryGroup } from './group.ts'

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts')

interface IndexerProcess extends AsyncDisposable {
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>
  log(): string
}

/** The indexer as it runs in production: a process of its own, from its entry point. */
function startIndexer(group: MemoryGroup): IndexerProcess {
  const child: ChildProcess = spawn(process.execPath, ['-C', '@kafclaw/source', MAIN], {
    env: { PATH: process.env.PATH, ...group.variables },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const kill = (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal)
    return exit
  }
  return { kill, log: () => text, [Symbol.asyncDispose]: async () => void (await kill('SIGKILL')) }
}

/** What the indexer promises as a process that can die at any moment. */
export function describeIndexerProcess(form: 'embedded' | 'kafka'): void {
  it('knows every item after it was killed, each once', async () => {
    await using group = await createMemoryGroup(form)
    let shared = 0
    for (let round = 0; round < 2; round++) {
      await using indexer = startIndexer(group)
      for (let index = 0; index < 20; index++) {
        await group.share({ itemId: `item-${shared}`, content: `Crate ${shared} holds oranges.` })
        shared++
      }
      const last = `item-${shared - 1}`
      const found = await group.recall.search({ query: `crate ${shared - 1}`, zones: ['public'], nowMs: Date.now() })
      expect(
        found.map(({ item_id }) => item_id),
        indexer.log(),
      ).toContain(last)
      await group.share({ itemId: `item-${shared}`, content: `Crate ${shared} holds oranges.` })
      shared++
      await indexer.kill('SIGKILL')
    }
    await using indexer = startIndexer(group)
    await group.recall.search({ query: 'oranges', zones: ['public'], nowMs: Date.now() })
    expect(await indexer.kill('SIGTERM'), indexer.log()).toBe(0)
    expect(group.count('item')).toBe(shared)
    expect(group.count('chunk')).toBe(shared)
    expect(group.count('embedding')).toBe(shared)
  }, 180_000)
}
