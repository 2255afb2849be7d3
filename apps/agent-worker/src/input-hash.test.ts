import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { createConversationHash } from './input-hash.ts'

it('is the hash of all messages so far, however often it was asked for in between', () => {
  const hash = createConversationHash()
  const all = createHash('sha256')
  for (const content of ['one', 'twö', 'three', 'four']) {
    hash.add({ role: 'user', content })
    all.update(`${JSON.stringify({ role: 'user', content })}\n`)
    if (content === 'three') continue
    expect(hash.digest()).toBe(all.copy().digest('hex'))
    expect(hash.digest()).toBe(all.copy().digest('hex'))
  }
})
