import { decode, topicConfigs, topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import { createFileRecall, createHashEmbedder, type Embedder } from '@kafclaw/memory'
import { RECALL_CONTRACT, type RecallForm } from '@kafclaw/memory/testing'
import { describe, expect, it, vi } from 'vitest'
import { createMemoryIndexer, type MemoryIndexer } from '../src/service.ts'
import { createMemoryGroup, type MemoryGroup } from './group.ts'

const PATIENCE = { timeout: 20_000, interval: 20 }

/** The index of an agent sees one zone here; which zones it may see is its own business. */
const NEEDS_TWO_ZONES = 'shows items of the asked zones only'

async function createWireForm(form: 'embedded' | 'kafka'): Promise<RecallForm> {
  const stack = new AsyncDisposableStack()
  const group = stack.use(await createMemoryGroup(form))
  const indexer = createMemoryIndexer(group.host)
  stack.defer(() => indexer.stop())
  await indexer.whenReady()
  return {
    recall: group.recall,
    nowMs: Date.now,
    put: ({ zone: _zone, labels: _labels, ...item }) => group.share(item),
    forget: ({ itemId }) => group.forget(itemId),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function search(group: MemoryGroup, query: string): Promise<string[]> {
  const found = group.recall.search({ query, zones: ['public'], nowMs: Date.now() })
  return found.then((items) => items.map(({ item_id }) => item_id))
}

async function startIndexer(group: MemoryGroup, embedder?: Embedder): Promise<MemoryIndexer> {
  const indexer = createMemoryIndexer(group.host, embedder ? { embedder } : {})
  await indexer.whenReady()
  return indexer
}

/** `hash-v1` under another name, which can be away. */
function createRemoteEmbedder(model: string) {
  const inner = createHashEmbedder()
  const state = { isAway: false, calls: 0 }
  const embedder: Embedder = {
    model,
    dimension: inner.dimension,
    async embed(texts) {
      state.calls++
      if (state.isAway) throw new Error('connection refused')
      return inner.embed(texts)
    },
  }
  return { embedder, state }
}

/** What the memory indexer promises, on whichever log it reads. */
export function describeIndexer(form: 'embedded' | 'kafka'): void {
  describe('recall contract: the skill on the wire', () => {
    it.each(RECALL_CONTRACT.filter(({ title }) => title !== NEEDS_TWO_ZONES))('$title', async ({ run }) => {
      await using wire = await createWireForm(form)
      await run(wire)
    })
  })

  describe('the memory indexer', () => {
    it('finds every item whose record was acknowledged before the question, on the wire and in its own process', async () => {
      await using group = await createMemoryGroup(form)
      const indexer = await startIndexer(group)
      for (let round = 0; round < 10; round++) {
        await group.share({ itemId: `wire-${round}`, content: `Locker ${round}a holds the violin.` })
        expect(await search(group, `locker ${round}a`)).toContain(`wire-${round}`)
        await group.share({ itemId: `here-${round}`, content: `Drawer ${round}b holds the flute.` })
        const found = await indexer.recall.search({ query: `drawer ${round}b`, zones: ['public'], nowMs: Date.now() })
        expect(found.map(({ item_id }) => item_id)).toContain(`here-${round}`)
      }
      await indexer.stop()
    })

    it('is fresh for a reader of its file too', async () => {
      await using group = await createMemoryGroup(form)
      const { env, log, settings, data } = group.host
      const ends = () => log.offsets([topicName(settings, 'memory_shared')])
      const path = data.member('agent-b-memory').memoryDb
      using recall = createFileRecall({ path, embedder: createHashEmbedder(), upTo: { env, ends } })
      // The reader may be there before the first indexer has made its file.
      await group.share({ itemId: 'early', content: 'Shelf zero holds the harp.' })
      const found = recall.search({ query: 'harp', zones: ['public'], nowMs: Date.now() })
      const indexer = createMemoryIndexer(group.host)
      expect((await found).map(({ item_id }) => item_id)).toEqual(['early'])
      for (let round = 0; round < 10; round++) {
        await group.share({ itemId: `item-${round}`, content: `Shelf ${round}c holds the cello.` })
        const items = await recall.search({ query: `shelf ${round}c`, zones: ['public'], nowMs: Date.now() })
        expect(items.map(({ item_id }) => item_id)).toContain(`item-${round}`)
      }
      await indexer.stop()
    })

    it('answers with citations and writes a step that cites the same records', async () => {
      await using group = await createMemoryGroup(form)
      const indexer = await startIndexer(group)
      const place = await group.share({ itemId: 'item-1', title: 'Port', content: 'Billing listens on 8443.' })
      await search(group, 'billing port')
      const { host } = group
      const records = await readAll(host.log, [
        topicName(host.settings, 'traces'),
        topicName(host.settings, 'responses'),
      ])
      const envelopes = records
        .map((record) => decode(record))
        .flatMap((it) => (it.kind === 'envelope' ? [it.envelope] : []))
      const cited = { item_id: 'item-1', author: 'agent-c', title: 'Port', ...place }
      const byType = envelopes.toSorted((a, b) => b.type.localeCompare(a.type))
      expect(byType).toMatchObject([
        {
          type: 'trace',
          sender_id: 'agent-b-memory',
          payload: { kind: 'recall', name: 'memory.recall', citations: [cited] },
        },
        {
          type: 'response',
          payload: { content: expect.stringContaining('8443'), output: { up_to_date: true }, citations: [cited] },
        },
      ])
      await indexer.stop()
    })

    it('goes on where it stopped and knows what was shared and forgotten meanwhile', async () => {
      await using group = await createMemoryGroup(form)
      await group.share({ itemId: 'old', content: 'The anchor is rusty.' })
      await group.share({ itemId: 'gone', content: 'The anchor is lost.' })
      await (await startIndexer(group)).stop()
      await group.share({ itemId: 'new', content: 'The anchor is painted.' })
      await group.forget('gone')
      const indexer = await startIndexer(group)
      expect((await search(group, 'anchor')).sort()).toEqual(['new', 'old'])
      await indexer.stop()
    })

    it('makes its index anew when the topic was made anew', async () => {
      await using group = await createMemoryGroup(form)
      const { log, settings } = group.host
      const topic = topicName(settings, 'memory_shared')
      for (const itemId of ['a', 'b', 'c']) await group.share({ itemId, content: `The old anchor ${itemId}.` })
      await (await startIndexer(group)).stop()
      await log.deleteTopics([topic])
      await vi.waitFor(async () => expect(await log.listTopics()).not.toContain(topic), PATIENCE)
      await log.createTopics([{ name: topic, partitions: 1, configs: topicConfigs('memory_shared') }])
      await group.share({ itemId: 'd', content: 'The new anchor d.' })
      const indexer = createMemoryIndexer(group.host)
      await vi.waitFor(async () => expect(await search(group, 'anchor')).toEqual(['d']), PATIENCE)
      await indexer.stop()
    })

    it('sets a record that nobody can read aside and indexes those beside it', async () => {
      await using group = await createMemoryGroup(form)
      const indexer = await startIndexer(group)
      await group.publishBytes(Buffer.from('{"type":"memory"'))
      await group.share({ itemId: 'good', content: 'The lantern burns.' })
      expect(await search(group, 'lantern')).toEqual(['good'])
      const { host } = group
      await vi.waitFor(async () => {
        const letters = await readAll(host.log, [topicName(host.settings, 'dlq')])
        expect(letters.map(({ key }) => key?.toString())).toEqual([`${topicName(host.settings, 'memory_shared')}/0/0`])
      }, PATIENCE)
      await indexer.stop()
    })

    it('waits for an embedding endpoint that is away, says so, and then leaves nothing without a vector', async () => {
      await using group = await createMemoryGroup(form)
      const { embedder, state } = createRemoteEmbedder('remote-1')
      const indexer = await startIndexer(group, embedder)
      state.isAway = true
      await group.share({ itemId: 'first', content: 'The first compass.' })
      await vi.waitFor(() => {
        const check = indexer.readiness().checks.find(({ name }) => name === 'embedding')
        expect(check).toMatchObject({ ok: false, detail: expect.stringContaining('connection refused') })
      }, PATIENCE)
      await group.share({ itemId: 'second', content: 'The second compass.' })
      state.isAway = false
      await vi.waitFor(() => expect(indexer.readiness().ready).toBe(true), PATIENCE)
      await vi.waitFor(
        async () => expect((await search(group, 'compass')).sort()).toEqual(['first', 'second']),
        PATIENCE,
      )
      expect(group.count('embedding', `model like 'remote-1@%'`)).toBe(2)
      await indexer.stop()
    })

    it('indexes everything anew under another model, and then keeps no vector of the one before', async () => {
      await using group = await createMemoryGroup(form)
      const indexer = await startIndexer(group)
      await group.share({ itemId: 'item-1', content: 'The bell is bronze.' })
      expect(await search(group, 'bell')).toEqual(['item-1'])
      await indexer.stop()
      const { embedder, state } = createRemoteEmbedder('remote-2')
      const next = await startIndexer(group, embedder)
      expect(state.calls).toBeGreaterThan(0)
      expect(group.count('embedding')).toBe(group.count('embedding', `model like 'remote-2@%'`))
      expect(await search(group, 'bell')).toEqual(['item-1'])
      await next.stop()
    })
  })
}
