import { AppError, formatPlace } from '@kafclaw/envelope'
import { connectGroup, EXIT, parseDuration } from '@kafclaw/runtime'
import type { AddMemoryOptions } from '../commands/memory.ts'
import { commandSenderId, openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import { readPrompt } from '../read-prompt.ts'

const TITLE_CHARS = 80

/** Publishes an item; every indexer of the zone reads it from the topic. */
export async function addMemory(invocation: Invocation, words: string, options: AddMemoryOptions): Promise<number> {
  const { env, output } = invocation
  const expiresMs = options.expires === undefined ? null : parseDuration(options.expires)
  const content = await readPrompt(invocation.io, words, 'text to remember')
  await using host = openGroup(invocation)
  const { group, zone } = host.settings
  const client = await connectGroup({ log: host.log, env, group, zone, senderId: commandSenderId(host) })
  try {
    const { envelope, place } = await client.publish({
      type: 'memory',
      labels: { integrity: 'trusted', confidentiality: 'internal' },
      payload: {
        item_id: env.newId(),
        title: options.title ?? titleOf(content),
        content,
        tags: [...new Set(options.tag)],
        ...(expiresMs === null ? {} : { expires_at: new Date(env.now() + expiresMs).toISOString() }),
      },
    })
    if (envelope.type !== 'memory') throw new AppError('KC_BUG', 'A memory item became something else.')
    const { item_id, title } = envelope.payload
    output.data({ item_id, title, ...place }, () => item_id)
    output.note(`published at ${formatPlace(place)}`)
    return EXIT.done
  } finally {
    await client.close()
  }
}

function titleOf(content: string): string {
  const line = [...(content.split('\n', 1)[0] ?? '')]
  return line.length <= TITLE_CHARS ? line.join('') : `${line.slice(0, TITLE_CHARS - 1).join('')}…`
}
