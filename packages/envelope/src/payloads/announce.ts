import * as Type from 'typebox'
import { about, closed, fallback, id, integer, name, nullable, oneOf, skillName, text } from '../fields.ts'
import type { Filled } from '../filled.ts'

const AnnouncedSkillSchema = Type.Object(
  {
    name: skillName(about('The skill.', 'invoice')),
    description: nullable(text(about('What it is good for, in a sentence.', 'Finds and explains invoices.'))),
    input_schema: nullable(
      Type.Record(Type.String(), Type.Unknown(), {
        ...about('JSON Schema of `input` in requests for it.', {
          type: 'object',
          properties: { invoice: { type: 'integer' } },
        }),
      }),
    ),
  },
  { ...closed, description: 'A skill that the agent serves.' },
)

export const AnnouncePayloadSchema = Type.Object(
  {
    agent_id: name(about('Who announces itself.', 'agent-b')),
    boot_id: id(about('A new id for each start of the process.', '0198f3c2-3333-7000-8000-00000000000c')),
    boot: integer(1, about('1 + the highest boot number that stood on the topic for this agent_id.', 7)),
    status: fallback(
      oneOf(['live', 'leaving'], about('`leaving` is the last beat of a boot that stops.', 'live')),
      'live',
    ),
    name: nullable(text(about('A name for people.', 'Billing expert'))),
    role: fallback(
      oneOf(['agent', 'orchestrator', 'indexer', 'audit'], about('What kind of service it is.', 'agent')),
      'agent',
    ),
    skills: fallback(
      Type.Array(AnnouncedSkillSchema, {
        ...about('The skills that it serves.', [{ name: 'chat' }, { name: 'invoice' }]),
      }),
      [],
    ),
    capacity: nullable(integer(0, about('Tasks that it can run at once.', 8))),
    free: nullable(integer(0, about('How many of these slots are free.', 6))),
    protocol_level: fallback(oneOf([1, 2, 3], about('1 answers, 2 claims and beats, 3 writes a journal too.', 3)), 2),
    version: nullable(text(about('Version of the program.', '0.1.0'))),
    host: nullable(text(about('Where it runs.', 'worker-1'))),
  },
  { ...closed, description: 'Manifest and heartbeat of an agent.' },
)

export type NewAnnouncePayload = Type.Static<typeof AnnouncePayloadSchema>
export type AnnouncePayload = Filled<NewAnnouncePayload>
