import { AppError } from '@kafclaw/envelope'
import type { Message } from '@kafclaw/llm'
import type { Exchange, MemberParts } from '@kafclaw/runtime'
import type { Db } from '@kafclaw/storage'

/** Conversations of this agent, kept by their names on its own disk. */
export interface Sessions {
  /** The tasks of its last turns, oldest first: those that a model is shown. */
  turns(session: string): string[]
  /**
   * What was said in these turns: as it is kept here, else as the log has it, because another agent may go on where this one
   * has stopped. Error: KC_RUN_NON_DETERMINISM when a turn is in neither.
   */
  history(session: string, turns: readonly string[], signal: AbortSignal): Promise<Message[]>
  /** Keeps a finished turn, when there is room for it; a turn of the same task is kept once. */
  append(session: string, turn: Turn): Promise<void>
}

interface Turn {
  taskId: string
  question: string
  answer: string
}

/** Older turns are kept but no longer shown to the model. */
const MOST_TURNS = 20

export function createSessions(options: {
  db: Db
  now(): number
  store: MemberParts['store']
  exchange: MemberParts['exchange']
}): Sessions {
  const { db, now, store } = options
  const selectTurns = db.prepare<[string], { task_id: string }>(
    `select task_id from session_turn where session = ? and role = 'user' order by seq desc limit ${MOST_TURNS}`,
  )
  const selectSaid = db.prepare<[string, string], { task_id: string; role: string; content: string }>(
    `select task_id, role, content from session_turn
     where session = ? and task_id in (select value from json_each(?)) order by seq`,
  )
  const has = db.prepare<[string, string], { seq: number }>(
    'select seq from session_turn where session = ? and task_id = ?',
  )
  const last = db.prepare<[string], { seq: number | null }>(
    'select max(seq) as seq from session_turn where session = ?',
  )
  const insert = db.prepare(
    'insert into session_turn (session, seq, task_id, role, content, at_ms) values (?, ?, ?, ?, ?, ?)',
  )

  function kept(session: string, turns: readonly string[]): Map<string, Message[]> {
    const said = new Map<string, Message[]>()
    for (const { task_id: taskId, role, content } of selectSaid.all(session, JSON.stringify(turns))) {
      const messages = said.get(taskId) ?? []
      said.set(taskId, [...messages, { role: role === 'user' ? 'user' : 'assistant', content }])
    }
    return said
  }

  return {
    turns: (session) =>
      selectTurns
        .all(session)
        .map(({ task_id }) => task_id)
        .toReversed(),
    async history(session, turns, signal) {
      const said = kept(session, turns)
      const all: Message[] = []
      for (const taskId of turns) {
        all.push(...(said.get(taskId) ?? messagesOf(await options.exchange(taskId, signal), { session, taskId })))
      }
      return all
    },
    append: (session, { taskId, question, answer }) =>
      store(() => {
        if (has.get(session, taskId)) return
        const seq = (last.get(session)?.seq ?? 0) + 1
        insert.run(session, seq, taskId, 'user', question, now())
        insert.run(session, seq + 1, taskId, 'assistant', answer, now())
      }),
  }
}

/** The turn as whoever asked and whoever answered have seen it. */
export function messagesOf(
  exchange: Exchange | null,
  { session, taskId }: { session: string; taskId: string },
): Message[] {
  if (exchange === null || exchange.answer.payload.content === null) {
    throw new AppError(
      'KC_RUN_NON_DETERMINISM',
      `The conversation "${session}" cannot be gone on with here: what was said in the task ${taskId} is not kept on this machine, and not on the log any more.`,
    )
  }
  return [
    { role: 'user', content: exchange.request.payload.content },
    { role: 'assistant', content: exchange.answer.payload.content },
  ]
}
