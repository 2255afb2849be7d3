import { AppError } from '@kafclaw/envelope'
import { createFileRecall, type Recall } from '@kafclaw/memory'
import type { Host } from '@kafclaw/runtime'
import { embedderOf } from '../memory/embedder.ts'
import { createIndexer, memoryFile } from '../services/create-services.ts'

/** A recall that stops what it has started. */
export interface LazyRecall extends Recall {
  stop(): Promise<void>
}

interface Source {
  recall: Recall
  stop(): Promise<void>
}

/**
 * Starts the memory indexer of the agent when something is recalled for the first time: most messages need none, and a
 * start costs a service. Where another process runs the indexer, the file that it writes is searched.
 */
export function createLazyRecall(host: Host): LazyRecall {
  let source: Promise<Source> | null = null
  return {
    async search(query, signal) {
      source ??= openSource(host)
      return (await source).recall.search(query, signal)
    },
    async stop() {
      const opened = await source?.catch(() => null)
      await opened?.stop()
    },
  }
}

async function openSource(host: Host): Promise<Source> {
  try {
    const indexer = await createIndexer(host)
    await Promise.race([indexer.whenReady(), failureOf(indexer.ended)])
    return { recall: indexer.recall, stop: () => indexer.stop() }
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'KC_STORAGE_LOCKED') throw error
    const path = host.settings.memoryDb ?? memoryFile(host)
    const recall = createFileRecall({ path, embedder: embedderOf(host) })
    return { recall, stop: async () => recall[Symbol.dispose]() }
  }
}

async function failureOf(ended: Awaited<ReturnType<typeof createIndexer>>['ended']): Promise<never> {
  const end = await ended
  if (end.reason === 'failed') throw end.error
  throw new AppError(
    'KC_MEMORY_FAILED',
    'The memory indexer of this agent has ended. Another one may have started elsewhere.',
  )
}
