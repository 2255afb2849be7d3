import { createHash } from 'node:crypto'
import type { Message } from '@kafclaw/llm'

/**
 * The hash of a growing conversation: each message is added once, so that the hash of every step of a long run
 * costs no more than the messages since the step before.
 */
export interface ConversationHash {
  add(message: Message): void
  /** SHA-256 of all messages so far, hex. */
  digest(): string
}

export function createConversationHash(): ConversationHash {
  const hash = createHash('sha256')
  return {
    add: (message) => void hash.update(JSON.stringify(message)).update('\n'),
    digest: () => hash.copy().digest('hex'),
  }
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
