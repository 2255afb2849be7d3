import { AppError } from '@kafclaw/envelope'
import {
  buildRecordTree,
  connectGroup,
  EXIT,
  type Host,
  parseTraceSubject,
  readGroupRecords,
  renderTree,
} from '@kafclaw/runtime'
import { commandSenderId, openGroup } from '../group/open-group.ts'
import { requireTopics } from '../group/require-topics.ts'
import { readPresence } from '../group/roster.ts'
import { watchForInterruption } from '../interruption.ts'
import type { Invocation } from '../invocation.ts'
import { printable } from '../output/printable.ts'
import { type SinkTrace, traceFromSink } from './trace-from-sink.ts'

/** As many as an audit sink looks at. */
const MOST_RECORDS = 10_000

/** Prints the tree of the decision that the subject belongs to. */
export async function trace(invocation: Invocation, subject: string): Promise<number> {
  const { output } = invocation
  const parsed = parseTraceSubject(subject)
  await using host = openGroup(invocation)
  const { zone } = await requireTopics(host)
  const sink = (await readPresence(host, zone.leaseMs)).find(
    ({ entry, isLive }) => isLive && entry.manifest.role === 'audit',
  )
  let found: SinkTrace
  if (sink) found = await askSink(host, subject, sink.entry.agentId)
  else {
    output.note('no audit sink is live: reading the topics, which hold what retention has left')
    const source = await readGroupRecords(host.log, host.settings.group)
    found = { records: source.readDecision(parsed, MOST_RECORDS), missing: [] }
  }
  if (found.records.length === 0)
    throw new AppError('KC_NOT_FOUND', `Nothing is known of "${subject}" in group "${host.settings.group}".`)
  for (const why of found.missing) output.warn(`not complete: ${why}`)
  const tree = buildRecordTree(found.records)
  output.data(tree, () => {
    const text = renderTree(tree).join('\n')
    return output.isTerminal ? printable(text) : text
  })
  return EXIT.done
}

async function askSink(host: Host, subject: string, sinkId: string): Promise<SinkTrace> {
  const { log, env, settings } = host
  const { group, zone } = settings
  using interruption = watchForInterruption()
  const client = await connectGroup({ log, env, group, zone, senderId: commandSenderId(host) })
  try {
    return await traceFromSink(client, subject, { sinkId, env, interrupted: interruption.signal })
  } finally {
    await client.close()
  }
}
