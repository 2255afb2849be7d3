import { type RawRecord, type RecordHeaders, type RecordPlace, topicName } from '@kafclaw/envelope'
import type { Host } from '@kafclaw/runtime'
import { readToEnd } from '../group/read-to-end.ts'
import { requireTopics } from '../group/require-topics.ts'

/** One dead letter as it lies on the topic. */
export interface DeadLetter extends RecordPlace {
  timestampMs: number
  code: string | null
  reason: string | null
  /** Who wrote it. */
  by: string | null
}

/** A record that no service could use, by the first dead letter that was written for it. */
export interface BadRecord extends DeadLetter {
  /** Where it lies; null when the letter does not say, as one of another program may not. */
  source: RecordPlace | null
  /** Of a task that was given up: how its attempts ended, as JSON. */
  attempts: string | null
  key: Buffer | null
  value: Buffer | null
  /** Its own, without those that the letter has added. */
  headers: RecordHeaders
  /** Only the beginning of the value is kept; this is the SHA-256 of the whole. */
  truncatedSha256: string | null
  /** Later dead letters of the same record; they do not count. */
  others: DeadLetter[]
}

/** What the writers of dead letters add, before the headers of the record itself. */
const LETTER_HEADERS = [
  'code',
  'reason',
  'topic',
  'partition',
  'offset',
  'by',
  'at',
  'key',
  'sha256',
  'truncated',
  'attempts',
]

/** The bad records of the zone in the order in which they were put aside. Errors: KC_GROUP_MISSING, KC_KAFKA_UNREACHABLE. */
export async function readDeadLetters(host: Host): Promise<BadRecord[]> {
  await requireTopics(host)
  const list = createDeadLetterList()
  await readToEnd(host.log, [topicName(host.settings, 'dlq')], { onRecord: list.fold })
  return list.all()
}

/** Folds dead letters in log order: the first one with a key counts, all later ones are counted. */
export function createDeadLetterList() {
  const byKey = new Map<string, BadRecord>()
  return {
    fold(record: RawRecord): void {
      const letter = parseDeadLetter(record)
      const { topic, partition, offset } = record
      // Without a key nobody can say that two letters are about the same record.
      const key = record.key?.toString() || `${topic}/${partition}/${offset}`
      const first = byKey.get(key)
      if (first) first.others.push(toLetter(letter))
      else byKey.set(key, letter)
    },
    all: (): BadRecord[] => [...byKey.values()],
  }
}

function toLetter({ topic, partition, offset, timestampMs, code, reason, by }: DeadLetter): DeadLetter {
  return { topic, partition, offset, timestampMs, code, reason, by }
}

function parseDeadLetter({ headers, ...record }: RawRecord): BadRecord {
  const letter = new Map<string, Buffer>()
  const own: Array<RecordHeaders[number]> = []
  for (const header of headers) {
    const name = /^kc_dlq_(.+)$/.exec(header[0])?.[1]
    // Those of the letter come first, each once; the bad record may bring headers of the same names.
    const isLetters = own.length === 0 && name !== undefined && LETTER_HEADERS.includes(name) && !letter.has(name)
    if (isLetters) letter.set(name, header[1])
    else own.push(header)
  }
  const textOf = (name: string): string | null => letter.get(name)?.toString() ?? null
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestampMs: record.timestampMs,
    code: textOf('code'),
    reason: textOf('reason'),
    by: textOf('by'),
    source: placeOf(textOf('topic'), textOf('partition'), textOf('offset')),
    attempts: textOf('attempts'),
    key: letter.get('key') ?? null,
    value: record.value,
    headers: own,
    truncatedSha256: letter.has('truncated') ? textOf('sha256') : null,
    others: [],
  }
}

function placeOf(topic: string | null, partition: string | null, offset: string | null): RecordPlace | null {
  if (!topic || !isCount(partition) || !isCount(offset)) return null
  return { topic, partition: Number(partition), offset: Number(offset) }
}

function isCount(text: string | null): boolean {
  return text !== null && /^\d{1,15}$/.test(text)
}
