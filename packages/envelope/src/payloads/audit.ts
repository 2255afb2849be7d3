import * as Type from 'typebox'
import { about, closed, nullable, skillName, text } from '../fields.ts'
import type { Filled } from '../filled.ts'

export const AuditPayloadSchema = Type.Object(
  {
    action: skillName(about('What was done: an area and a verb.', 'dlq.redrive', 'dlq.discard')),
    subject: text(
      about('What it was done to: a place, or the id of a task or an agent.', 'group.acme.requests/3/1042'),
    ),
    reason: nullable(text(about('Why, for people.', 'The tool works again.'))),
    result: nullable(
      text(about('Id of what came of it, where there is such a thing.', 'task_0198f3c2-1111-7000-8000-00000000000c')),
    ),
  },
  { ...closed, description: 'A decision that is not on the wire otherwise: who (sender_id) did what, and why.' },
)

export type NewAuditPayload = Type.Static<typeof AuditPayloadSchema>
export type AuditPayload = Filled<NewAuditPayload>
