import type { RecordNode } from '@kafclaw/runtime'
import type { DemoResult } from './story.ts'

interface JsonNode
  extends Pick<
    RecordNode,
    'id' | 'type' | 'sender_id' | 'topic' | 'partition' | 'offset' | 'causation_id' | 'correlation_id'
  > {
  children: JsonNode[]
}

/** The result as programs get it. */
export function toJsonResult({ question, answer, memory, tree }: DemoResult) {
  const { item_id, topic, partition, offset } = memory
  return { question, answer, memory: { item_id, topic, partition, offset }, tree: tree.map(toJsonNode) }
}

function toJsonNode(node: RecordNode): JsonNode {
  const { id, type, sender_id, topic, partition, offset, causation_id, correlation_id, children } = node
  return {
    id,
    type,
    sender_id,
    topic,
    partition,
    offset,
    causation_id,
    correlation_id,
    children: children.map(toJsonNode),
  }
}
