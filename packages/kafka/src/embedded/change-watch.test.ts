import { join } from 'node:path'
import { createVirtualEnv } from '@kafclaw/env/testing'
import { openDatabase } from '@kafclaw/storage'
import { tempDir } from '@kafclaw/testing'
import { expect, it } from 'vitest'
import { createChangeWatch } from './change-watch.ts'

async function twoConnections(watchPath: (path: string, onEvent: () => void) => { close(): void } | null) {
  const dir = await tempDir()
  const path = join(dir.path, 'log.db')
  const own = openDatabase(path, 'log')
  const other = openDatabase(path, 'log')
  const env = createVirtualEnv()
  const watch = createChangeWatch(own, env, watchPath)
  let changes = 0
  const unsubscribe = watch.subscribe(() => changes++)
  return {
    env,
    watch,
    unsubscribe,
    changes: () => changes,
    commitElsewhere: () =>
      void other
        .prepare("insert into meta (name, value) values ('x', '1') on conflict do update set value = value || '1'")
        .run(),
    async [Symbol.asyncDispose]() {
      watch.close()
      own.close()
      other.close()
      await dir[Symbol.asyncDispose]()
    },
  }
}

it('notices the commit of another process by its poll where no file events come', async () => {
  await using two = await twoConnections(() => null)
  await two.env.advance(1_000)
  expect(two.changes()).toBe(0)
  two.commitElsewhere()
  await two.env.advance(250)
  expect(two.changes()).toBe(1)
  await two.env.advance(1_000)
  expect(two.changes()).toBe(1)
})

it('looks again a moment after a file event, because a commit shows only after the last write', async () => {
  let fire = (): void => undefined
  await using two = await twoConnections((_path, onEvent) => {
    fire = onEvent
    return { close: () => undefined }
  })
  fire()
  two.commitElsewhere()
  expect(two.changes()).toBe(0)
  await two.env.advance(1)
  expect(two.changes()).toBe(1)
})

it('tells of commits of its own process at once, and nobody after the last has gone', async () => {
  await using two = await twoConnections(() => null)
  two.watch.changed()
  expect(two.changes()).toBe(1)
  two.unsubscribe()
  two.watch.changed()
  two.commitElsewhere()
  await two.env.advance(1_000)
  expect(two.changes()).toBe(1)
})
