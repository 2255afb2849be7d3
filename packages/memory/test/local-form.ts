import { createSystemEnv } from '@kafclaw/env'
import type { Db } from '@kafclaw/storage'
import { createHashEmbedder, createMemoryIndex, type MemoryItem, type Recall } from '../src/index.ts'
import type { RecallForm } from '../src/testing/index.ts'

/** An index in `db`, filled as an indexer would fill it from `memory.shared`; `recall` is what searches it. */
export function createLocalForm(db: Db, recall?: Recall & Disposable): RecallForm {
  const index = createMemoryIndex({ db, embedder: createHashEmbedder(), env: createSystemEnv() })
  const nowMs = () => 1_900_000_000_000
  let offset = 0
  const topicOf = (zone: string) =>
    zone === 'public' ? 'group.acme.memory.shared' : `group.acme.zone.${zone}.memory.shared`
  return {
    recall: recall ?? index,
    nowMs,
    async put({ itemId, content, ...item }) {
      const zone = item.zone ?? 'public'
      const place = { topic: topicOf(zone), partition: 0, offset: offset++ }
      index.put(memoryItem({ ...item, ...place, itemId, content, zone, timestampMs: nowMs() - 1000 }))
      await index.embedPending()
      return place
    },
    async forget({ itemId, zone = 'public' }) {
      index.forget({ itemId, topic: topicOf(zone), partition: 0, offset: offset++ })
    },
    async [Symbol.asyncDispose]() {
      recall?.[Symbol.dispose]()
      db.close()
    },
  }
}

export function memoryItem(item: Partial<MemoryItem> & Pick<MemoryItem, 'itemId' | 'content'>): MemoryItem {
  return {
    topic: 'group.acme.memory.shared',
    partition: 0,
    offset: 0,
    zone: 'public',
    author: 'agent-c',
    title: null,
    contentType: 'text/plain',
    tags: [],
    labels: {},
    expiresAtMs: null,
    timestampMs: 1_900_000_000_000,
    ...item,
  }
}
