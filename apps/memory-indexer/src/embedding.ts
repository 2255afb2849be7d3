import { type Env, sleep } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { Embedder, MemoryIndex } from '@kafclaw/memory'

/** Name of the check in the readiness. */
export const EMBEDDING = 'embedding'

const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000

/**
 * Gives what was read its vectors. An endpoint that fails is asked again, for as long as it takes and with the reason in
 * the readiness, so that reading waits and nothing stays without vectors. After a change of the model the earlier vectors
 * are searched until all new ones are there.
 */
export function createEmbedding(parts: {
  env: Env
  index: Pick<MemoryIndex, 'embedPending' | 'needsReindex' | 'counts'>
  embedder: Embedder
  report(ok: boolean, detail: string): void
}): { catchUp(signal: AbortSignal): Promise<void> } {
  const { env, index, embedder, report } = parts
  let isFirst = true
  return {
    async catchUp(signal) {
      if (isFirst && index.needsReindex()) {
        report(false, `embedding ${index.counts().pending} chunks with ${embedder.model}`)
      }
      isFirst = false
      for (let pauseMs = SHORTEST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
        try {
          await index.embedPending(signal)
          report(true, `vectors of ${embedder.model}`)
          return
        } catch (error) {
          if (signal.aborted) return
          const { message } = AppError.fromUnknown(error, 'KC_MEMORY_FAILED')
          report(false, `reading waits for the embedding endpoint: ${message}`)
          await sleep(env, pauseMs, signal)
        }
      }
    },
  }
}
