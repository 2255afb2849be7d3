import * as Type from 'typebox'
import { about, anything, closed, fallback, id, integer, nullable, skillName, text } from '../fields.ts'
import type { Filled } from '../filled.ts'

/** The skill of a request that names none. */
export const DEFAULT_SKILL = 'chat'

export const RequestPayloadSchema = Type.Object(
  {
    content: text(about('What is asked, in words.', 'Which port does the billing service listen on?')),
    skill: fallback(
      skillName(about('The skill that the task needs. On a skill topic it is the skill of the topic.', 'chat')),
      DEFAULT_SKILL,
    ),
    input: anything(about('Structured input, by the input_schema of the skill.', { invoice: 4711 })),
    depth: fallback(integer(0, about('How many delegations lie above this task; 0 for a task of its own.', 1)), 0),
    parent_task_id: nullable(
      id(about('The task whose run asked this one.', 'task_0198f3c2-1111-7000-8000-00000000000a')),
    ),
  },
  { ...closed, description: 'A task: somebody asks for work.' },
)

export type NewRequestPayload = Type.Static<typeof RequestPayloadSchema>
export type RequestPayload = Filled<NewRequestPayload>
