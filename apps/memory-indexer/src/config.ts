import { createEndpointEmbedder, type Embedder } from '@kafclaw/llm'
import { createHashEmbedder } from '@kafclaw/memory'
import { type Host, keepMemberId } from '@kafclaw/runtime'

/** The only place where this service sees its environment. */
export const variables = process.env

/** Recalls answered at once. */
export const CAPACITY = 8

export interface IndexerOptions {
  /** The agent whose memory this is. */
  agentId: string
  embedder: Embedder
}

/** The indexer that the settings describe. Nothing is connected to yet. */
export function indexerOptions(host: Host): IndexerOptions {
  const { settings, env, data } = host
  return { agentId: settings.agentId ?? keepMemberId(data, 'agent', env), embedder: embedderOf(host) }
}

function embedderOf({ settings, env }: Host): Embedder {
  const { embeddingUrl: url, embeddingModel: model, embeddingKey } = settings
  if (url === null || model === null) return createHashEmbedder()
  return createEndpointEmbedder({ url, model, env, ...(embeddingKey ? { key: embeddingKey.reveal() } : {}) })
}
