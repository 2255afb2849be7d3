import { existsSync } from 'node:fs'
import { AppError } from '@kafclaw/envelope'
import { createFileRecall, createMemoryIndex, type RecalledItem, type RecallQuery } from '@kafclaw/memory'
import { connectGroup, EXIT, type Host } from '@kafclaw/runtime'
import { openDatabase } from '@kafclaw/storage'
import type { SearchMemoryOptions } from '../commands/memory.ts'
import { commandSenderId, openGroup, ownAgentId } from '../group/open-group.ts'
import { requireTopics } from '../group/require-topics.ts'
import { readPresence } from '../group/roster.ts'
import { watchForInterruption } from '../interruption.ts'
import type { Invocation } from '../invocation.ts'
import { formatAge } from '../output/age.ts'
import { type Column, renderTable } from '../output/table.ts'
import { memoryFile } from '../services/create-services.ts'
import { readLimit } from '../tasks/tasks.ts'
import { embedderOf } from './embedder.ts'
import { readItems } from './read-items.ts'
import { recallFromIndexer } from './recall-from-indexer.ts'

const COLUMNS: ReadonlyArray<Column<RecalledItem>> = [
  { title: 'ITEM', value: ({ item_id }) => item_id },
  { title: 'AGE', value: ({ age_ms }) => formatAge(age_ms), align: 'right' },
  { title: 'AUTHOR', value: ({ author }) => author },
  { title: 'POSITION', value: ({ topic, partition, offset }) => `${topic}:${partition}:${offset}` },
  { title: 'CONTENT', value: ({ content }) => content },
]

/** As many as an indexer gives. */
const MOST_ITEMS = 20

/** Finds items as the agent of this machine would; what it finds, best first. */
export async function searchMemory(
  invocation: Invocation,
  words: string,
  options: SearchMemoryOptions,
): Promise<number> {
  const limit = readLimit(options.limit)
  if (limit > MOST_ITEMS) throw new AppError('KC_USAGE', `--limit ${limit} is too many: at most ${MOST_ITEMS}.`)
  const { output, env } = invocation
  await using host = openGroup(invocation)
  const query: RecallQuery = {
    query: words,
    limit,
    zones: [host.settings.zone],
    nowMs: env.now(),
    ...(options.tag ? { tags: options.tag } : {}),
  }
  const { items, source } = await search(host, query)
  output.data(items, () => (items.length === 0 ? '' : renderTable(COLUMNS, items, output)))
  output.note(items.length === 0 ? `nothing found by ${source}` : `found by ${source}`)
  return EXIT.done
}

interface Found {
  items: readonly RecalledItem[]
  /** Who searched, for people. */
  source: string
}

/** The live indexer of the agent, else its file, else the topic itself. */
async function search(host: Host, query: RecallQuery): Promise<Found> {
  const { zone } = await requireTopics(host)
  const agentId = ownAgentId(host)
  const indexerId = `${agentId}-memory`
  const presences = await readPresence(host, zone.leaseMs)
  if (presences.some(({ entry, isLive }) => isLive && entry.agentId === indexerId)) {
    return { items: await searchByIndexer(host, indexerId, query), source: `the memory indexer ${indexerId}` }
  }
  const path = host.settings.memoryDb ?? memoryFile(host)
  if (existsSync(path)) {
    using recall = createFileRecall({ path, embedder: embedderOf(host) })
    return {
      items: await recall.search(query),
      source: `the file ${path}; its indexer does not run, so the newest items may be missing`,
    }
  }
  return {
    items: await searchTopic(host, query),
    source: 'reading the topic itself; no memory indexer of this agent runs',
  }
}

async function searchByIndexer(host: Host, indexerId: string, query: RecallQuery): Promise<RecalledItem[]> {
  const { env, log, settings } = host
  const { group, zone } = settings
  using interruption = watchForInterruption()
  const client = await connectGroup({ log, env, group, zone, senderId: commandSenderId(host) })
  try {
    return await recallFromIndexer(client, query, { indexerId, env, interrupted: interruption.signal })
  } finally {
    await client.close()
  }
}

async function searchTopic(host: Host, query: RecallQuery): Promise<RecalledItem[]> {
  using db = openDatabase(':memory:', 'memory')
  const index = createMemoryIndex({ db, embedder: embedderOf(host), env: host.env })
  await readItems(host, (change) => {
    if (change.kind === 'put') index.put(change.item)
    else index.forget(change.item)
  })
  await index.embedPending()
  return await index.search(query)
}
