import { isUtf8 } from 'node:buffer'
import { AppError, formatPlace, formatTimestamp, parsePlace, type RecordPlace } from '@kafclaw/envelope'
import { EXIT } from '@kafclaw/runtime'
import { openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import type { Output } from '../output/output.ts'
import { printable } from '../output/printable.ts'
import { renderTable } from '../output/table.ts'
import { wholeJson } from './dead-letter-json.ts'
import { type BadRecord, readDeadLetters } from './read-dead-letters.ts'

/** Shows one bad record, by its own position or by that of any dead letter about it. */
export async function showDeadLetter(invocation: Invocation, text: string): Promise<number> {
  const { output } = invocation
  const wanted = readPlace(text)
  await using host = openGroup(invocation)
  const records = await readDeadLetters(host)
  const found = records.find((record) =>
    [record.source, record, ...record.others].some((place) => place !== null && formatPlace(place) === wanted),
  )
  if (!found) {
    const hint = '"kafclaw dlq list" shows what was put aside.'
    throw new AppError('KC_NOT_FOUND', `There is no dead letter of ${wanted}, and none lies there. ${hint}`)
  }
  output.data(wholeJson(found), () => toText(found, output))
  return EXIT.done
}

function readPlace(text: string): string {
  const place: RecordPlace | null = parsePlace(text)
  if (place) return formatPlace(place)
  throw new AppError('KC_USAGE', `"${text}" is no position; one looks like group.acme.requests:3:1042.`)
}

function toText(record: BadRecord, output: Output): string {
  const { source, headers, key, value, truncatedSha256 } = record
  const fields: ReadonlyArray<readonly [string, string | null]> = [
    ['record', source && formatPlace(source)],
    ['code', record.code],
    ['reason', record.reason],
    ['by', record.by],
    ['put aside', `${formatTimestamp(record.timestampMs)} as ${formatPlace(record)}`],
    ...record.others.map((other): readonly [string, string] => ['again', `${formatPlace(other)} by ${other.by}`]),
    ['key', key && bytesText(key)],
    ...headers.map(([name, bytes]): readonly [string, string] => [`header ${name}`, bytesText(bytes)]),
    ['value', truncatedSha256 === null ? null : `cut; SHA-256 of the whole ${truncatedSha256}`],
  ]
  const rows = fields.filter(([, text]) => text !== null)
  const table = renderTable(
    [
      { title: 'FIELD', value: ([name]) => name },
      { title: 'VALUE', value: ([, text]) => text },
    ],
    rows,
    { ...output, width: null },
  )
  const body = value === null ? '(no value)' : bytesText(value)
  return [table, '', output.isTerminal ? printable(body) : body].join('\n')
}

function bytesText(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString() : `base64:${bytes.toString('base64')}`
}
