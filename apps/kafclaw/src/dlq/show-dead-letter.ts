import { isUtf8 } from 'node:buffer'
import { formatPlace, formatTimestamp } from '@kafclaw/envelope'
import { EXIT } from '@kafclaw/runtime'
import { openGroup } from '../group/open-group.ts'
import type { Invocation } from '../invocation.ts'
import type { Output } from '../output/output.ts'
import { printable } from '../output/printable.ts'
import { renderTable } from '../output/table.ts'
import { wholeJson } from './dead-letter-json.ts'
import { type Handling, REDRIVE } from './handled-letters.ts'
import { findLetter, type Letter, readLetters, readPlace } from './select-letters.ts'

/** Shows one bad record, by its own position or by that of any dead letter about it. */
export async function showDeadLetter(invocation: Invocation, text: string): Promise<number> {
  const { output } = invocation
  const place = readPlace(text)
  await using host = openGroup(invocation)
  const found = findLetter(await readLetters(host), place)
  output.data(wholeJson(found), () => toText(found, output))
  return EXIT.done
}

function toText(record: Letter, output: Output): string {
  const { source, headers, key, value, truncatedSha256 } = record
  const fields: ReadonlyArray<readonly [string, string | null]> = [
    ['record', source && formatPlace(source)],
    ['code', record.code],
    ['reason', record.reason],
    ['attempts', record.attempts],
    ['by', record.by],
    ['put aside', `${formatTimestamp(record.timestampMs)} as ${formatPlace(record)}`],
    ...record.others.map((other): readonly [string, string] => ['again', `${formatPlace(other)} by ${other.by}`]),
    ...record.handlings.map((handling): readonly [string, string] => handlingText(handling)),
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

function handlingText({ action, by, timestampMs, reason, taskId }: Handling): readonly [string, string] {
  const said = reason ? `: ${reason}` : ''
  return [
    action === REDRIVE ? 'redriven' : 'discarded',
    `${formatTimestamp(timestampMs)} by ${by}${taskId ? ` as ${taskId}` : ''}${said}`,
  ]
}

function bytesText(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString() : `base64:${bytes.toString('base64')}`
}
