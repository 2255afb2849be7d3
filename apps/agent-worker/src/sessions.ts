import type { Message } from '@kafclaw/llm'
import type { MemberParts } from '@kafclaw/runtime'
import type { Db } from '@kafclaw/storage'

/** Conversations of this agent, kept by their names on its own disk. */
export interface Sessions {
  /** How many messages it has. */
  length(session: string): number
  /** Its first `length` messages, oldest first, of which the last are kept. */
  history(session: string, length: number): Message[]
  /** Keeps a finished turn, when there is room for it; a turn of the same task is kept once. */
  append(session: string, turn: Turn): Promise<void>
}

export interface Turn {
  taskId: string
  question: string
  answer: string
}

/** Older turns are kept but no longer shown to the model. */
const MOST_MESSAGES = 40

export function createSessions(options: { db: Db; now(): number; store: MemberParts['store'] }): Sessions {
  const { db, now, store } = options
  const select = db.prepare<[string, number, number], { role: string; content: string }>(
    'select role, content from session_turn where session = ? and seq <= ? order by seq desc limit ?',
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
  return {
    length: (session) => last.get(session)?.seq ?? 0,
    history: (session, length) =>
      select
        .all(session, length, MOST_MESSAGES)
        .toReversed()
        .map(({ role, content }) => ({ role: role === 'user' ? 'user' : 'assistant', content })),
    append: (session, { taskId, question, answer }) =>
      store(() => {
        if (has.get(session, taskId)) return
        const seq = (last.get(session)?.seq ?? 0) + 1
        insert.run(session, seq, taskId, 'user', question, now())
        insert.run(session, seq + 1, taskId, 'assistant', answer, now())
      }),
  }
}
