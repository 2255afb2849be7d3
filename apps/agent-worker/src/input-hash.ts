import { createHash, type Hash, hash } from 'node:crypto'
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
  let running: Hash | null = null
  /** What `running` has not seen yet. */
  let text = ''
  let digests = 0
  return {
    add(message) {
      text += `${JSON.stringify(message)}\n`
    },
    digest() {
      // Most runs ask a model once, and to make a hash that goes on costs more than to hash what they say.
      if (digests++ === 0) return hashOf(text)
      running ??= createHash('sha256')
      running.update(text)
      text = ''
      return running.copy().digest('hex')
    },
  }
}

export function hashOf(text: string): string {
  return hash('sha256', text, 'hex')
}
