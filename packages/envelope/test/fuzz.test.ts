import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Decoded, decode, encode, type RawRecord } from '../src/index.ts'
import { parseJsonText } from '../src/json-text.ts'
import { readGolden, readPoison } from './golden-files.ts'
import { mutateBytes, mutateJson } from './mutations.ts'

// A million take a minute: KAFCLAW_FUZZ_MUTATIONS=1000000
const MUTATIONS = Number(process.env.KAFCLAW_FUZZ_MUTATIONS ?? 20_000)
const golden = [...readGolden('valid'), ...readGolden('skipped'), ...readPoison()]
  .map(({ record }) => record)
  .filter((record) => (record.value?.length ?? 0) < 10_000)

describe('decode', () => {
  it(
    'answers every mutation of a golden record, and answers it the same way twice',
    () => {
      const nextNumber = createNumbers(20_261_123)
      const kinds = new Map<string, number>()
      for (let run = 0; run < MUTATIONS; run++) {
        const source = golden[nextNumber() % golden.length]
        if (!source) throw new Error('no golden records')
        const record = mutateRecord(source, nextNumber)
        const decoded = decode(record)
        expectSound(decoded)
        if (run % 16 === 0) expect(decode(record)).toEqual(decoded)
        kinds.set(decoded.kind, (kinds.get(decoded.kind) ?? 0) + 1)
      }
      // The mutations must reach behind the parser, or this test says nothing.
      expect([...kinds.keys()].sort()).toEqual(['envelope', 'poison', 'skipped', 'tombstone'])
      expect(kinds.get('envelope')).toBeGreaterThan(MUTATIONS / 100)
    },
    20_000 + MUTATIONS,
  )

  it('answers any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...golden), (bytes, record) => {
        expectSound(decode({ ...record, value: Buffer.from(bytes) }))
      }),
      { numRuns: 3_000 },
    )
  })

  it('answers any JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(...golden), (text, record) => {
        expectSound(decode({ ...record, value: Buffer.from(text) }))
      }),
      { numRuns: 3_000 },
    )
  })

  it('answers records whose place, time, key and headers make no sense', () => {
    const [source] = golden
    if (!source) throw new Error('no golden records')
    for (const timestampMs of [-1, Number.NaN, Number.POSITIVE_INFINITY, 8.64e15, -8.64e15, 0.5]) {
      expectSound(decode({ ...source, timestampMs }))
    }
    for (const topic of [
      '',
      'group',
      'group..requests',
      'group.acme.zone.public.requests',
      '__proto__',
      'x'.repeat(100_000),
    ]) {
      expectSound(decode({ ...source, topic }))
    }
    expectSound(decode({ ...source, headers: [['traceparent', Buffer.from([0xff, 0x00])]] }))
    expectSound(decode({ ...source, key: Buffer.alloc(0), value: null }))
  })

  it('survives what a broken reader hands it', () => {
    const broken = [
      undefined,
      null,
      42,
      {},
      { topic: 'group.acme.requests' },
      { topic: 'group.acme.requests', value: 'text' },
    ]
    for (const record of broken) expect(decode(record as unknown as RawRecord).kind).toBe('poison')
  })
})

describe('parseJsonText', () => {
  it('gives what JSON.parse gives, or refuses', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const text = JSON.stringify(value)
        const parsed = parseJsonText(Buffer.from(text))
        if (parsed.ok) expect(parsed.value).toEqual(JSON.parse(text))
        else expect(text).toMatch(/__proto__|\d{15}|e\+/)
      }),
      { numRuns: 3_000 },
    )
  })
})

function mutateRecord(source: RawRecord, nextNumber: () => number): RawRecord {
  const { value } = source
  if (value === null)
    return { ...source, topic: nextNumber() % 2 ? 'group.acme.memory.shared' : source.topic, key: Buffer.from('k') }
  const json = nextNumber() % 2 === 0 ? parseJsonText(value) : null
  if (json?.ok) return { ...source, value: Buffer.from(JSON.stringify(mutateJson(json.value, nextNumber)) ?? 'null') }
  return { ...source, value: mutateBytes(value, nextNumber) }
}

/** Whatever came in: an envelope can be written again, a refusal has a reason that fits into a header. */
function expectSound(decoded: Decoded): void {
  switch (decoded.kind) {
    case 'envelope': {
      const { envelope } = decoded
      if (envelope.type === 'response' && envelope.correlation_id === null) return
      encode(envelope, { isCopy: true })
      return
    }
    case 'poison':
      // Said only when decode caught an error of its own.
      if (decoded.reason.includes('could not be read')) throw new Error(`a bug: ${decoded.reason}`)
      if (decoded.reason.length === 0 || decoded.reason.length > 500) throw new Error(`bad reason: ${decoded.reason}`)
      return
    case 'skipped':
      if (decoded.type.length > 100) throw new Error('the type is too long for a metric or a log line')
      return
    case 'tombstone':
      return
  }
}

/** mulberry32: the same mutations in each run. */
function createNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
