import { AppError, deriveRecordId } from '@kafclaw/envelope'
import { connectGroup, type GroupClient, type Host } from '@kafclaw/runtime'
import type { DlqFilters } from '../commands/dlq.ts'
import { commandSenderId } from '../group/open-group.ts'
import { type DISCARD, type REDRIVE, subjectOf } from './handled-letters.ts'
import { filterLetters, findLetter, type Letter, readLetters, readPlace } from './select-letters.ts'

export interface LetterChoice extends DlqFilters {
  /** Also those about which somebody has done something already. */
  again?: true
}

/**
 * The letters that somebody wants to do something about: those that are named, else those that the options ask for and about
 * which nobody has done anything. Errors: KC_USAGE when nothing is chosen, or when one that is named was handled before.
 */
export async function chooseLetters(host: Host, places: readonly string[], choice: LetterChoice): Promise<Letter[]> {
  const { again, ...filters } = choice
  const hasFilter = Object.values(filters).some((value) => value !== undefined)
  if (places.length === 0 && !hasFilter) {
    throw new AppError(
      'KC_USAGE',
      'Say which records are meant: by their places, or by --code, --topic, --since, --task.',
    )
  }
  const letters = await readLetters(host)
  const named =
    places.length === 0 ? letters : [...new Set(places.map((place) => findLetter(letters, readPlace(place))))]
  const handled = named.filter(({ state }) => state !== 'open')
  if (places.length > 0 && !again) for (const letter of handled) refuseHandled(letter)
  return filterLetters(host, again ? named : named.filter(({ state }) => state === 'open'), filters)
}

function refuseHandled(letter: Letter): never {
  const last = letter.handlings.at(-1)
  const what = last?.taskId ? `redriven as ${last.taskId}` : letter.state
  throw new AppError(
    'KC_USAGE',
    `${subjectOf(letter)} was ${what} by ${last?.by} before. Add --again if that is meant.`,
  )
}

/** Connects for the work and closes again. */
export async function withClient<T>(host: Host, work: (client: GroupClient) => Promise<T>): Promise<T> {
  const { log, env, settings } = host
  const { group, zone } = settings
  const client = await connectGroup({ log, env, group, zone, senderId: commandSenderId(host) })
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

/** Writes on `observe.audit` what was done about a letter. */
export async function auditHandling(
  client: GroupClient,
  letter: Letter,
  done: { action: typeof REDRIVE | typeof DISCARD; reason: string | null; taskId?: string },
): Promise<void> {
  await client.publish({
    type: 'audit',
    correlation_id: done.taskId ?? null,
    causation_id: letterId(letter),
    payload: { action: done.action, subject: subjectOf(letter), reason: done.reason, result: done.taskId ?? null },
  })
}

/** The id that every reader gives the letter: it carries none of its own. */
export function letterId(letter: Letter): string {
  return deriveRecordId(letter)
}
