import { createSystemEnv } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import { type Db, openDatabase } from '@kafclaw/storage'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createHashEmbedder, createMemoryIndex, type Embedder, type MemoryIndex } from '../src/index.ts'
import { memoryItem } from './local-form.ts'

const env = createSystemEnv()

function openDb(): Db {
  const db = openDatabase(':memory:', 'memory')
  onTestFinished(() => db.close())
  return db
}

function openIndex(db = openDb(), embedder: Embedder = createHashEmbedder()): MemoryIndex {
  return createMemoryIndex({ db, embedder, env })
}

async function contents(index: MemoryIndex, query: string): Promise<string[]> {
  return (await index.search({ query, zones: ['public', 'lab'], nowMs: 0 })).map((item) => item.content)
}

/** Letters of a text as a vector: another space than that of hash-v1. */
function createLetterEmbedder(model: string, dimension = 26): Embedder {
  return {
    model,
    dimension: null,
    async embed(texts) {
      return texts.map((text) => {
        const vector = new Float32Array(dimension)
        for (const letter of text.toLowerCase()) {
          const at = letter.charCodeAt(0) - 97
          if (at >= 0 && at < dimension) vector[at] = (vector[at] ?? 0) + 1
        }
        const length = Math.hypot(...vector) || 1
        return vector.map((value) => value / length)
      })
    },
  }
}

function vectorsIn(db: Db): unknown[] {
  return db.prepare('SELECT model, dimension, count(*) AS n FROM embedding GROUP BY model, dimension').all()
}

it('takes the same record twice as once', async () => {
  const index = openIndex()
  const item = memoryItem({ itemId: 'a', offset: 3, content: 'kettle' })
  expect(index.put(item)).toBe(true)
  expect(index.put(item)).toBe(false)
  expect(index.counts()).toMatchObject({ items: 1, chunks: 1 })
})

it('lets the highest offset hold, in whatever order records come', async () => {
  const index = openIndex()
  index.put(memoryItem({ itemId: 'a', offset: 5, content: 'new kettle' }))
  expect(index.put(memoryItem({ itemId: 'a', offset: 3, content: 'old kettle' }))).toBe(false)
  expect(await contents(index, 'kettle')).toEqual(['new kettle'])
})

it('does not bring a forgotten item back when its older record is read again, but a newer one does', async () => {
  const index = openIndex()
  const place = { topic: 'group.acme.memory.shared', partition: 0 }
  index.put(memoryItem({ itemId: 'a', offset: 3, content: 'kettle' }))
  expect(index.forget({ ...place, itemId: 'a', offset: 4 })).toBe(true)
  expect(index.put(memoryItem({ itemId: 'a', offset: 3, content: 'kettle' }))).toBe(false)
  expect(await contents(index, 'kettle')).toEqual([])
  expect(index.put(memoryItem({ itemId: 'a', offset: 9, content: 'kettle again' }))).toBe(true)
  expect(await contents(index, 'kettle')).toEqual(['kettle again'])
})

it('keeps nothing of the content, words or vectors of a forgotten item', async () => {
  const db = openDb()
  const index = openIndex(db)
  index.put(memoryItem({ itemId: 'a', offset: 3, title: 'secret', content: 'kettle', tags: ['x'] }))
  await index.embedPending()
  index.forget({ topic: 'group.acme.memory.shared', partition: 0, itemId: 'a', offset: 4 })
  expect(db.prepare('SELECT title, content, tags FROM item').all()).toEqual([{ title: null, content: '', tags: '[]' }])
  expect(db.prepare(`SELECT rowid FROM chunk_fts WHERE chunk_fts MATCH 'kettle OR secret'`).all()).toEqual([])
  expect([index.counts(), vectorsIn(db)]).toEqual([{ items: 0, chunks: 0, pending: 0 }, []])
})

it('keeps items of one id on two topics apart: one zone cannot replace what another says', async () => {
  const index = openIndex()
  index.put(memoryItem({ itemId: 'a', offset: 1, content: 'kettle of the public' }))
  const lab = { zone: 'lab', topic: 'group.acme.zone.lab.memory.shared' }
  index.put(memoryItem({ itemId: 'a', offset: 7, content: 'kettle of the lab', ...lab }))
  expect((await contents(index, 'kettle')).sort()).toEqual(['kettle of the lab', 'kettle of the public'])
})

it('finds an item by its title when it has no content of its own', async () => {
  const index = openIndex()
  index.put(memoryItem({ itemId: 'a', title: 'Floor plan of the attic', content: '' }))
  expect(await contents(index, 'attic')).toEqual(['Floor plan of the attic'])
})

it('filters by labels', async () => {
  const index = openIndex()
  index.put(memoryItem({ itemId: 'a', content: 'kettle', labels: { confidentiality: 'secret', integrity: 'trusted' } }))
  const search = (labels: Record<string, string>) =>
    index.search({ query: 'kettle', zones: ['public'], labels, nowMs: 0 })
  expect(await search({ confidentiality: 'secret' })).toHaveLength(1)
  expect(await search({ confidentiality: 'public' })).toEqual([])
})

it('finds an item by words at once and by vectors once it is embedded', async () => {
  const index = openIndex()
  index.put(memoryItem({ itemId: 'a', content: 'greenhouses' }))
  expect(await contents(index, 'greenhouse')).toEqual(['greenhouses'])
  expect(await contents(index, 'hothouse')).toEqual([])
  expect([index.needsReindex(), await index.embedPending(), index.needsReindex()]).toEqual([true, 1, false])
  expect(await contents(index, 'hothouse')).toEqual(['greenhouses'])
})

it('searches the vectors of the model before until those of a new one are complete, then only these', async () => {
  const db = openDb()
  const before = openIndex(db)
  for (let offset = 0; offset < 100; offset++)
    before.put(memoryItem({ itemId: `i${offset}`, offset, content: `greenhouses ${offset}` }))
  await before.embedPending()

  const letters = createLetterEmbedder('letters')
  const embed = vi.fn(letters.embed)
  embed.mockImplementationOnce(letters.embed).mockRejectedValueOnce(new Error('endpoint is away'))
  const index = openIndex(db, { ...letters, embed })
  expect(index.needsReindex()).toBe(true)
  await expect(index.embedPending()).rejects.toThrow('endpoint is away')
  expect(vectorsIn(db)).toEqual([
    { model: 'hash-v1@256', dimension: 256, n: 100 },
    { model: 'letters@26', dimension: 26, n: 64 },
  ])
  // hash-v1 still answers: no word is shared, only letters within the word.
  expect(await contents(index, 'hothouse')).toHaveLength(5)
  expect(await index.embedPending()).toBe(36)
  expect(vectorsIn(db)).toEqual([{ model: 'letters@26', dimension: 26, n: 100 }])
  expect(index.needsReindex()).toBe(false)
  expect(await contents(index, 'gggeee')).toHaveLength(5)
})

it('embeds everything again when a model of the same name answers with another dimension', async () => {
  const db = openDb()
  const index = openIndex(db, createLetterEmbedder('letters', 26))
  index.put(memoryItem({ itemId: 'a', content: 'kettle' }))
  await index.embedPending()
  await openIndex(db, createLetterEmbedder('letters', 20)).embedPending()
  expect(vectorsIn(db)).toEqual([{ model: 'letters@20', dimension: 20, n: 1 }])
})

it('answers by words alone, and says why, when the endpoint of the vectors fails', async () => {
  const letters = createLetterEmbedder('letters')
  const embed = vi.fn(letters.embed)
  const onDegraded = vi.fn()
  const index = createMemoryIndex({ db: openDb(), embedder: { ...letters, embed }, env, onDegraded })
  index.put(memoryItem({ itemId: 'a', content: 'kettle' }))
  await index.embedPending()
  const away = new Error('endpoint is away')
  embed.mockRejectedValue(away)
  expect(await contents(index, 'kettle')).toEqual(['kettle'])
  expect(onDegraded).toHaveBeenCalledWith(away)
})

it('refuses an embedder that leaves texts out', async () => {
  const index = openIndex(openDb(), { model: 'broken', dimension: null, embed: async () => [] })
  index.put(memoryItem({ itemId: 'a', content: 'kettle' }))
  await expect(index.embedPending()).rejects.toMatchObject({ code: 'KC_MEMORY_FAILED' })
})

it('embeds each chunk once when several callers ask at the same time', async () => {
  const embedder = createHashEmbedder()
  const embed = vi.spyOn(embedder, 'embed')
  const index = openIndex(openDb(), embedder)
  index.put(memoryItem({ itemId: 'a', content: 'kettle' }))
  expect(await Promise.all([index.embedPending(), index.embedPending()])).toEqual([1, 0])
  expect(embed).toHaveBeenCalledTimes(1)
})

it('stops embedding when it is aborted and goes on later', async () => {
  const index = openIndex()
  index.put(memoryItem({ itemId: 'a', content: 'kettle' }))
  const reason = new Error('stop')
  await expect(index.embedPending(AbortSignal.abort(reason))).rejects.toBe(reason)
  expect(await index.embedPending()).toBe(1)
})

it('embeds again what could not be stored', async () => {
  const db = openDb()
  let isFull = false
  const disk: Db = {
    ...db,
    transaction(fn) {
      if (isFull) throw new AppError('KC_STORAGE_FULL', 'No space is left.')
      return db.transaction(fn)
    },
  }
  const index = openIndex(disk)
  index.put(memoryItem({ itemId: 'a', content: 'kettle' }))
  isFull = true
  await expect(index.embedPending()).rejects.toMatchObject({ code: 'KC_STORAGE_FULL' })
  isFull = false
  expect(await index.embedPending()).toBe(1)
  expect(index.counts()).toMatchObject({ chunks: 1, pending: 0 })
})

it('cuts and embeds its items anew when chunks were cut in another way', async () => {
  const db = openDb()
  const before = openIndex(db)
  before.put(memoryItem({ itemId: 'a', content: 'kettle' }))
  await before.embedPending()
  db.exec(`UPDATE meta SET value = 'earlier' WHERE name = 'chunker'; UPDATE chunk SET text = 'half a ket'`)
  const index = openIndex(db)
  expect(index.needsReindex()).toBe(true)
  await index.embedPending()
  expect(await contents(index, 'kettle')).toEqual(['kettle'])
})

it('keeps positions with what was read, in one transaction', () => {
  const index = openIndex()
  expect(index.positions.get('t', 0)).toBeNull()
  expect(() =>
    index.transaction(() => {
      index.put(memoryItem({ itemId: 'a', content: 'kettle' }))
      index.positions.set('t', 0, 7)
      throw new Error('crash')
    }),
  ).toThrow('crash')
  expect([index.positions.get('t', 0), index.counts().items]).toEqual([null, 0])
  index.transaction(() => index.positions.set('t', 0, 7))
  index.positions.set('t', 0, 8)
  expect(index.positions.get('t', 0)).toBe(8)
})

it('forgets everything on reset and can be filled again from offset 0', async () => {
  const index = openIndex()
  index.put(memoryItem({ itemId: 'a', offset: 9, content: 'kettle' }))
  index.positions.set('t', 0, 10)
  await index.embedPending()
  index.reset()
  expect([index.positions.get('t', 0), index.counts(), await contents(index, 'kettle')]).toEqual([
    null,
    { items: 0, chunks: 0, pending: 0 },
    [],
  ])
  index.put(memoryItem({ itemId: 'a', offset: 0, content: 'kettle' }))
  await index.embedPending()
  expect(await contents(index, 'kettle')).toEqual(['kettle'])
})

it('does not lose an item among vectors of chunks that were replaced', async () => {
  const index = openIndex()
  for (let offset = 0; offset < 40; offset++) {
    index.put(memoryItem({ itemId: 'a', offset, content: 'greenhouse', author: `agent-${offset}` }))
    await index.embedPending()
    const found = await index.search({ query: 'ggreenhouse', zones: ['public'], nowMs: 0 })
    expect(found.map((item) => item.author)).toEqual([`agent-${offset}`])
  }
})

it('leaves out by hash-v1 what shares neither words nor spelling with the query', async () => {
  const index = openIndex()
  for (const [offset, content] of ['kettle', 'train', 'invoice', 'glacier', 'violin'].entries()) {
    index.put(memoryItem({ itemId: content, offset, content: `The ${content} belongs to aunt Mathilda.` }))
  }
  await index.embedPending()
  expect(await contents(index, 'quarterly database backup retention')).toEqual([])
})
