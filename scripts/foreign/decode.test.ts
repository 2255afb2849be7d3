import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { decode, type RawRecord } from '@kafclaw/envelope'
import { expect, it } from 'vitest'
import { readGolden } from '../../packages/envelope/test/golden-files.ts'
import { mutateBytes, mutateJson } from '../../packages/envelope/test/mutations.ts'
import { installLanguages } from './languages.ts'
import { runProgram } from './programs.ts'
import { createRandom } from './random.ts'

const isCi = process.env.CI === 'true'
const { python } = await installLanguages(['python'])
if (!python.ok) process.stderr.write(`\n!!! THE DECODER IN PYTHON IS NOT TESTED: ${python.reason}\n\n`)

const SEED = Number(process.env.KAFCLAW_SEED ?? 20_261_125)
const RECORDS = 10_000

it.runIf(python.ok || isCi)(
  'Python, from docs/wire.md alone, makes of any record what packages/envelope makes of it',
  async () => {
    const next = createRandom(SEED)
    const golden = [...readGolden('valid'), ...readGolden('skipped')]
    const records = Array.from({ length: RECORDS }, (_, n): RawRecord => {
      const { record } = golden[next() % golden.length] ?? expect.unreachable()
      const changed = Buffer.from(JSON.stringify(mutateJson(JSON.parse(String(record.value)), next)))
      return { ...record, value: n % 4 === 0 ? mutateBytes(changed, next) : changed }
    })
    const { stdout, stderr } = await runProgram(
      python.ok ? python.program : '',
      [join(import.meta.dirname, 'decode-lines.py')],
      { stdin: records.map(toLine).join('\n') },
    )
    const answers = stdout.trimEnd().split('\n')
    expect(answers, stderr).toHaveLength(RECORDS)
    const differing = records.flatMap((record, n) => {
      const decoded = decode(record)
      const native = { kind: decoded.kind, envelope: decoded.kind === 'envelope' ? decoded.envelope : null }
      const foreign: unknown = JSON.parse(answers[n] ?? '')
      return isDeepStrictEqual(native, foreign) ? [] : [{ value: String(record.value), native, foreign }]
    })
    expect(differing, `seed ${SEED}`).toEqual([])
  },
)

function toLine({ topic, partition, offset, timestampMs, key, value, headers }: RawRecord): string {
  return JSON.stringify({
    topic,
    partition,
    offset,
    timestamp_ms: timestampMs,
    key: key?.toString('base64') ?? null,
    value: value?.toString('base64') ?? null,
    headers: headers.map(([name, text]) => [name, text.toString()]),
  })
}
