import { AppError, formatPlace, parsePlace, type RecordPlace } from '@kafclaw/envelope'
import { type Host, parseDuration } from '@kafclaw/runtime'
import type { DlqFilters } from '../commands/dlq.ts'
import { DISCARD, type HandledLetters, type Handling, readHandledLetters, subjectOf } from './handled-letters.ts'
import { type BadRecord, readDeadLetters } from './read-dead-letters.ts'
import { taskOfLetter } from './revive-request.ts'

type LetterState = 'open' | 'redriven' | 'discarded'

/** A bad record with what was done about it, oldest first. */
export interface Letter extends BadRecord {
  state: LetterState
  handlings: readonly Handling[]
}

/** The bad records of the zone, in the order in which they were put aside. Errors: KC_GROUP_MISSING, KC_KAFKA_UNREACHABLE. */
export async function readLetters(host: Host): Promise<Letter[]> {
  const records = await readDeadLetters(host)
  const handled = await readHandledLetters(host)
  return records.map((record) => toLetter(record, handled))
}

function toLetter(record: BadRecord, handled: HandledLetters): Letter {
  const handlings = handled.get(subjectOf(record)) ?? []
  const last = handlings.at(-1)
  const state = last === undefined ? 'open' : last.action === DISCARD ? 'discarded' : 'redriven'
  return { ...record, state, handlings }
}

/** Those of the letters that the options of the command line ask for. Error: KC_USAGE. */
export async function filterLetters(
  host: Host,
  letters: readonly Letter[],
  { code, topic, since, task, state }: DlqFilters,
): Promise<Letter[]> {
  const sinceMs = since === undefined ? null : host.env.now() - parseDuration(since)
  const found = letters
    .filter((letter) => code === undefined || letter.code === code)
    .filter(({ source }) => topic === undefined || isOnTopic(source, topic))
    .filter(({ timestampMs }) => sinceMs === null || timestampMs >= sinceMs)
    .filter((letter) => state === undefined || letter.state === state)
  if (task === undefined) return found
  const tasks = await Promise.all(found.map((letter) => taskOfLetter(host.log, letter)))
  return found.filter((_, index) => tasks[index] === task)
}

/** By its full name, or by what comes after the group and the zone. */
function isOnTopic(source: RecordPlace | null, topic: string): boolean {
  return source !== null && (source.topic === topic || source.topic.endsWith(`.${topic}`))
}

/** A place as somebody typed it, in the form in which places are compared. Error: KC_USAGE. */
export function readPlace(text: string): string {
  const place = parsePlace(text)
  if (place) return formatPlace(place)
  throw new AppError('KC_USAGE', `"${text}" is no position; one looks like group.acme.requests:3:1042.`)
}

/** The letter about the record at a place, or at whose place a letter about it lies. Error: KC_NOT_FOUND. */
export function findLetter(letters: readonly Letter[], wanted: string): Letter {
  const found = letters.find((letter) =>
    [letter.source, letter, ...letter.others].some((at) => at !== null && formatPlace(at) === wanted),
  )
  if (found) return found
  const hint = '"kafclaw dlq list" shows what was put aside.'
  throw new AppError('KC_NOT_FOUND', `There is no dead letter of ${wanted}, and none lies there. ${hint}`)
}
