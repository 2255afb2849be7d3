import { EXIT } from '@kafclaw/runtime'
import type { DiscardOptions } from '../commands/dlq.ts'
import { openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import { auditHandling, chooseLetters, withClient } from './handle-letters.ts'
import { DISCARD, subjectOf } from './handled-letters.ts'

/** Marks letters as of no interest any more. They stay on the topic until retention takes them. */
export async function discardLetters(
  invocation: Invocation,
  places: readonly string[],
  options: DiscardOptions,
): Promise<number> {
  const { output } = invocation
  const { reason, ...choice } = options
  await using host = openGroup(invocation)
  const letters = await chooseLetters(host, places, choice)
  await withClient(host, async (client) => {
    for (const letter of letters)
      await auditHandling(client, letter, { action: DISCARD, reason: reason?.trim() || null })
  })
  const records = letters.map(subjectOf)
  output.data(
    records.map((record) => ({ record, discarded: true })),
    () => records.map((record) => `discarded ${record}`).join('\n') || 'nothing was discarded',
  )
  if (records.length === 0) output.note('none of them; see: kafclaw dlq list')
  return EXIT.done
}
