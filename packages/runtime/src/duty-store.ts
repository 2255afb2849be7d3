import type { ErrorCode } from '@kafclaw/envelope'
import type { Db } from '@kafclaw/storage'

/** Something that any service of the zone could write, and one does. */
export interface Duty {
  kind: 'dead_letter' | 'expired' | 'exhausted' | 'rejected' | 'copy_home'
  /** What it is ranked by: a task id, or the place of a record. */
  subject: string
  /** Place of the record that it is about, where there is one. */
  place: string | null
  code: ErrorCode | null
  reason: string | null
}

/** Duties that wait for their turn, and the dead letters that lie on the log: both outlive a restart. */
export interface DutyStore {
  add(duty: Duty): void
  remove(duty: Duty): void
  all(): Duty[]
  noteDeadLetter(source: string, atMs: number): void
  hasDeadLetter(source: string): boolean
}

export function nameOf(duty: Duty): string {
  return `${duty.kind}/${duty.subject}`
}

export function createDutyStore(db: Db): DutyStore {
  const insert = db.prepare(
    'insert into duty (name, kind, subject, place, code, reason) values (?, ?, ?, ?, ?, ?) on conflict do nothing',
  )
  const remove = db.prepare('delete from duty where name = ?')
  const select = db.prepare<[], Duty>('select kind, subject, place, code, reason from duty')
  const insertLetter = db.prepare('insert into dead_letter (source, at_ms) values (?, ?) on conflict do nothing')
  const selectLetter = db.prepare<[string], { at_ms: number }>('select at_ms from dead_letter where source = ?')
  return {
    add: (duty) => void insert.run(nameOf(duty), duty.kind, duty.subject, duty.place, duty.code, duty.reason),
    remove: (duty) => void remove.run(nameOf(duty)),
    all: () => select.all(),
    noteDeadLetter: (source, atMs) => void insertLetter.run(source, atMs),
    hasDeadLetter: (source) => selectLetter.get(source) !== undefined,
  }
}
