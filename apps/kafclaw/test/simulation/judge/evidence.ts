import { type Decoded, decode, type Envelope, parseTopicName, type RawRecord, type TopicKind } from '@kafclaw/envelope'
import type { Machine } from '../machine.ts'
import type { World } from '../world.ts'

/** A record of the log with what it says. */
interface ReadRecord {
  readonly record: RawRecord
  readonly kind: TopicKind
  readonly decoded: Decoded
}

/** What judges look at: the log, offset by offset, and the files of all machines. */
export interface Evidence {
  /** Heartbeats left out: they are most of the log, and no judge asks for them. */
  readonly records: readonly ReadRecord[]
  readonly machines: readonly Machine[]
  /** All envelopes of one type, in the order of topics, partitions and offsets. */
  envelopes<T extends Envelope['type']>(
    type: T,
  ): ReadonlyArray<{ record: RawRecord; envelope: Extract<Envelope, { type: T }> }>
}

export function collectEvidence(world: World, machines: readonly Machine[]): Evidence {
  const records = world.broker.ranges().flatMap((range): ReadRecord[] => {
    const kind = parseTopicName(range.topic)?.kind
    if (kind === undefined || kind === 'announce') return []
    return world.broker.records(range).map((record) => ({ record, kind, decoded: decode(record) }))
  })
  return {
    records,
    machines,
    envelopes: <T extends Envelope['type']>(type: T) =>
      records.flatMap(({ record, decoded }) => {
        if (decoded.kind !== 'envelope') return []
        const { envelope } = decoded
        return isOfType(envelope, type) ? [{ record, envelope }] : []
      }),
  }
}

function isOfType<T extends Envelope['type']>(envelope: Envelope, type: T): envelope is Extract<Envelope, { type: T }> {
  return envelope.type === type
}
