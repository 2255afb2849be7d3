import { createEndpointEmbedder, type Embedder } from '@kafclaw/llm'
import { createHashEmbedder } from '@kafclaw/memory'
import type { Host } from '@kafclaw/runtime'

/** The embedder of the settings: vectors of another model than that of the index would find nothing. */
export function embedderOf({ settings, env }: Host): Embedder {
  const { embeddingUrl: url, embeddingModel: model, embeddingKey } = settings
  if (url === null || model === null) return createHashEmbedder()
  return createEndpointEmbedder({ url, model, env, ...(embeddingKey ? { key: embeddingKey.reveal() } : {}) })
}
