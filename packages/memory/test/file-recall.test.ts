import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createSystemEnv } from '@kafclaw/env'
import { openDatabase } from '@kafclaw/storage'
import { tempDir } from '@kafclaw/testing'
import { expect, it } from 'vitest'
import { createFileRecall, createHashEmbedder, createMemoryIndex, type Embedder } from '../src/index.ts'
import { memoryItem } from './local-form.ts'

const env = createSystemEnv()
const query = { query: 'hothouse', zones: ['public'], nowMs: 0 }

/** Another model than hash-v1 for the tests; its vectors are those of a smaller hash. */
const other: Embedder = { ...createHashEmbedder(64), model: 'other' }

async function fill(path: string, content: string, embedder: Embedder = createHashEmbedder()): Promise<void> {
  using db = openDatabase(path, 'memory')
  const index = createMemoryIndex({ db, embedder, env })
  index.put(memoryItem({ itemId: content, content }))
  await index.embedPending()
}

it('says that there is no index yet, and finds it once there is one', async () => {
  await using dir = await tempDir()
  const path = join(dir.path, 'memory.db')
  using recall = createFileRecall({ path, embedder: createHashEmbedder() })
  await expect(recall.search(query)).rejects.toMatchObject({ code: 'KC_MEMORY_FAILED', retryable: true })
  await fill(path, 'greenhouses')
  expect(await recall.search(query)).toHaveLength(1)
})

it('follows the indexer to another model, and back, as long as it has the embedder', async () => {
  await using dir = await tempDir()
  const path = join(dir.path, 'memory.db')
  await fill(path, 'greenhouses')
  using recall = createFileRecall({ path, embedder: other })
  using without = createFileRecall({ path, embedder: createHashEmbedder() })
  // No word is shared, so only vectors can find it.
  expect(await recall.search(query)).toHaveLength(1)
  await fill(path, 'greenhouses', other)
  expect(await recall.search(query)).toHaveLength(1)
  expect(await without.search(query)).toEqual([])
  expect(await without.search({ ...query, query: 'greenhouse' })).toHaveLength(1)
  await fill(path, 'greenhouses')
  expect(await recall.search(query)).toHaveLength(1)
})

it('sees another file under the same path', async () => {
  await using dir = await tempDir()
  const path = join(dir.path, 'memory.db')
  await fill(path, 'greenhouses')
  using recall = createFileRecall({ path, embedder: createHashEmbedder() })
  expect(await recall.search(query)).toHaveLength(1)
  for (const suffix of ['', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true })
  await fill(path, 'the greenhouse was sold')
  expect((await recall.search(query)).map((item) => item.content)).toEqual(['the greenhouse was sold'])
})

it('never writes to the file', async () => {
  await using dir = await tempDir()
  const path = join(dir.path, 'memory.db')
  await fill(path, 'greenhouses')
  using reader = openDatabase(path, 'memory', { readOnly: true })
  const before = reader.pragma('data_version')
  using recall = createFileRecall({ path, embedder: createHashEmbedder() })
  await recall.search(query)
  expect(reader.pragma('data_version')).toBe(before)
})
