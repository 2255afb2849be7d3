import * as Type from 'typebox'
import { about, closed, fallback, id, integer, name, nullable, oneOf, text, whenIs } from '../fields.ts'
import type { Filled } from '../filled.ts'

const TASK_STATUSES = ['assigned', 'claimed', 'progress', 'released'] as const
export type TaskStatus = (typeof TASK_STATUSES)[number]

const PlaceSchema = Type.Object(
  {
    topic: text(about('Topic of the record.', 'group.acme.requests')),
    partition: integer(0, about('Partition of the record.', 2)),
    offset: integer(0, about('Offset of the record.', 1042)),
  },
  {
    ...closed,
    ...about('The request record that the claim is for.', { topic: 'group.acme.requests', partition: 2, offset: 1042 }),
  },
)

export const TaskStatusPayloadSchema = Type.Object(
  {
    status: oneOf(TASK_STATUSES, about('What is said about the task.', 'claimed')),
    attempt: nullable(integer(1, about('Number of the attempt, from 1.', 1))),
    run_id: nullable(id(about('The run; a new one for each claim.', '0198f3c2-2222-7000-8000-00000000000b'))),
    agent_id: nullable(name(about('Who claims, or who is assigned.', 'agent-b'))),
    boot: nullable(integer(1, about('Boot number of the claimant, as in its announce.', 7))),
    request: nullable(PlaceSchema),
    journal_from: nullable(
      integer(0, about('Offset in the home partition of traces from which the journal of the task is read.', 2203)),
    ),
    fruitless: fallback(integer(0, about('Attempts in a row before this one that ended without a new step.', 0)), 0),
    reason: nullable(oneOf(['shutdown', 'error'], about('Why it was released.', 'shutdown'))),
    step: nullable(
      integer(0, about('Of `progress`: a step that was finished, and that no attempt before had finished.', 3)),
    ),
    text: nullable(text(about('A line for people.', 'step 3: asking agent-c'))),
  },
  {
    ...closed,
    description: 'Who works on a task. For one attempt the first claim in log order holds.',
    allOf: [
      whenIs('status', 'assigned', ['attempt', 'agent_id']),
      whenIs('status', 'claimed', ['attempt', 'run_id', 'agent_id', 'boot', 'request']),
      whenIs('status', 'progress', ['run_id']),
      whenIs('status', 'released', ['run_id']),
    ],
  },
)

/** What the conditions of the schema add, so that readers need not look for null again. */
type ByStatus =
  | { status: 'assigned'; attempt: number; agent_id: string }
  | {
      status: 'claimed'
      attempt: number
      run_id: string
      agent_id: string
      boot: number
      request: { topic: string; partition: number; offset: number }
    }
  | { status: 'progress' | 'released'; run_id: string }

export type NewTaskStatusPayload = Type.Static<typeof TaskStatusPayloadSchema> & ByStatus
export type TaskStatusPayload = Filled<Type.Static<typeof TaskStatusPayloadSchema>> & ByStatus
