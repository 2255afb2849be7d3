import { readdirSync, readFileSync } from 'node:fs'
import type { RawRecord } from '../src/index.ts'

const folder = new URL('./golden/', import.meta.url)

interface PlaceAndHeaders {
  topic: string
  partition: number
  offset: number
  timestamp_ms: number
  key: string | null
  headers?: Array<[string, string]>
}

export interface GoldenRecord {
  name: string
  record: RawRecord
  /** What `decode` must give. */
  decoded: unknown
}

export interface PoisonRecord {
  name: string
  record: RawRecord
  code: string
  taskId: string | null
}

/** Records that are accepted or passed over, each with what every reader makes of it. */
export function readGolden(kind: 'valid' | 'skipped'): GoldenRecord[] {
  return names(`${kind}/`).map((name) => {
    const { record, decoded }: { record: PlaceAndHeaders; decoded: unknown } = readJson(`decoded/${name}.json`)
    return { name, record: toRecord(record, readFileSync(new URL(`${kind}/${name}.json`, folder))), decoded }
  })
}

type PoisonFile = PlaceAndHeaders & {
  code: string
  task_id: string | null
  value?: string | null
  value_base64?: string
  /** Pieces and how often each comes: for values too large to write down. */
  value_parts?: Array<[string, number]>
}

export function readPoison(): PoisonRecord[] {
  return names('poison/').map((name) => {
    const file: PoisonFile = readJson(`poison/${name}.json`)
    return { name, record: toRecord(file, poisonValue(file)), code: file.code, taskId: file.task_id }
  })
}

function poisonValue({ value, value_base64, value_parts }: PoisonFile): Buffer | null {
  if (value !== undefined) return value === null ? null : Buffer.from(value)
  if (value_base64 !== undefined) return Buffer.from(value_base64, 'base64')
  return Buffer.from((value_parts ?? []).map(([text, times]) => text.repeat(times)).join(''))
}

function toRecord(place: PlaceAndHeaders, value: Buffer | null): RawRecord {
  return {
    topic: place.topic,
    partition: place.partition,
    offset: place.offset,
    timestampMs: place.timestamp_ms,
    key: place.key === null ? null : Buffer.from(place.key),
    value,
    headers: (place.headers ?? []).map(([name, text]) => [name, Buffer.from(text)]),
  }
}

function names(subfolder: string): string[] {
  return readdirSync(new URL(subfolder, folder)).map((file) => file.replace(/\.json$/, ''))
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, folder), 'utf8'))
}
