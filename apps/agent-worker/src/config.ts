import { readFileSync } from 'node:fs'
import { topicName } from '@kafclaw/envelope'
import { createEndpointEmbedder, createOfflineModel, createOpenAiModel, type Embedder, type Model } from '@kafclaw/llm'
import { createFileRecall, createHashEmbedder, type Recall } from '@kafclaw/memory'
import { type Host, keepMemberId, type MemberOptions } from '@kafclaw/runtime'
import type { Tool } from '@kafclaw/tools'

/** The only place where this service sees its environment. */
export const variables = process.env

/** What makes one agent different from another. */
export interface AgentOptions {
  agentId: string
  /** Skills for which it takes tasks; a task with its id as recipient needs one of them too. */
  skills: readonly string[]
  /** Runs at once. */
  concurrency: number
  /** What the agent is and how it should answer; null: a short built-in text. */
  instructions: string | null
  model: Model
  /** Memory read from a file on this machine; null: asked of the agent's indexer over the log. */
  recall: Recall | null
  /** Calls of the model after which a run without an answer is going in circles; default 50. */
  mostTurns?: number
  /** Tools beside the built-in ones. */
  tools?: readonly Tool[]
  /** For tests, which switch rules of the journal off to see what they are for. */
  journalRules?: MemberOptions['journalRules']
  /** Hears the answer of the model as it arrives. */
  onText?(taskId: string, delta: string): void
}

/** The agent that the settings describe. Nothing is connected to yet. */
export function agentOptions(host: Host): AgentOptions {
  const { settings, env, data } = host
  return {
    agentId: settings.agentId ?? keepMemberId(data, 'agent', env),
    skills: settings.skills,
    concurrency: settings.concurrency,
    instructions: settings.instructionsFile === null ? null : readFileSync(settings.instructionsFile, 'utf8'),
    model: modelOf(host),
    recall: settings.memoryDb === null ? null : fileRecallOf(host, settings.memoryDb),
  }
}

function fileRecallOf(host: Host, path: string): Recall {
  const { env, log, settings } = host
  const topics = [topicName(settings, 'memory_shared')]
  return createFileRecall({ path, embedder: embedderOf(host), upTo: { env, ends: () => log.offsets(topics) } })
}

function modelOf({ settings, env }: Host): Model {
  const { modelUrl: url, model, modelKey } = settings
  if (url === null || model === null) return createOfflineModel()
  return createOpenAiModel({ url, model, env, ...(modelKey ? { key: modelKey.reveal() } : {}) })
}

function embedderOf({ settings, env }: Host): Embedder {
  const { embeddingUrl: url, embeddingModel: model, embeddingKey } = settings
  if (url === null || model === null) return createHashEmbedder()
  return createEndpointEmbedder({ url, model, env, ...(embeddingKey ? { key: embeddingKey.reveal() } : {}) })
}
