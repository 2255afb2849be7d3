import { AppError, topicName } from '@kafclaw/envelope'
import { EXIT, type Host } from '@kafclaw/runtime'
import { openGroup } from '../group/open-group.ts'
import { requireTopics } from '../group/require-topics.ts'
import type { Invocation } from '../invocation.ts'
import { readItems } from './read-items.ts'

/** Publishes a tombstone for each item. Error: KC_NOT_FOUND, and nothing is forgotten, when the topic holds one of them not. */
export async function forgetMemory(invocation: Invocation, itemIds: readonly string[]): Promise<number> {
  await using host = openGroup(invocation)
  await requireTopics(host)
  const held = await heldItems(host)
  const unknown = itemIds.filter((itemId) => !held.has(itemId))
  if (unknown.length > 0) {
    throw new AppError(
      'KC_NOT_FOUND',
      `There is no memory item ${unknown.map((id) => `"${id}"`).join(', ')} in zone "${host.settings.zone}"; nothing was forgotten.`,
    )
  }
  const topic = topicName(host.settings, 'memory_shared')
  const publisher = host.log.publisher({ lane: 'client' })
  try {
    const places = await publisher.publish(
      itemIds.map((itemId) => ({ topic, partition: 0, key: Buffer.from(itemId), value: null, headers: [] })),
    )
    const { output } = invocation
    const forgotten = itemIds.map((item_id, index) => ({ item_id, tombstone: places[index] ?? null }))
    output.data(forgotten, () => itemIds.map((itemId) => `forgot ${itemId}`).join('\n'))
    return EXIT.done
  } finally {
    await publisher.close()
  }
}

async function heldItems(host: Host): Promise<Set<string>> {
  const held = new Set<string>()
  await readItems(host, ({ kind, item }) => {
    if (kind === 'put') held.add(item.itemId)
    else held.delete(item.itemId)
  })
  return held
}
