import * as Type from 'typebox'
import { about, anything, closed, fallback, id, name, nullable, oneOf, place, text } from '../fields.ts'
import type { Filled } from '../filled.ts'
import { citations } from './citation.ts'
import { UsageSchema } from './usage.ts'

const RESPONSE_STATUSES = ['completed', 'failed', 'cancelled', 'expired', 'rejected'] as const
export type ResponseStatus = (typeof RESPONSE_STATUSES)[number]

const ResponseErrorSchema = Type.Object(
  {
    code: text(about('A code for programs.', 'KC_MODEL_TIMEOUT')),
    message: text(about('What happened, for people.', 'The model did not answer in time.')),
    retryable: fallback(Type.Boolean(about('Asking again may succeed.', true)), false),
  },
  {
    ...closed,
    ...about('Why the task did not complete.', {
      code: 'KC_MODEL_TIMEOUT',
      message: 'The model did not answer in time.',
    }),
  },
)

export const ResponsePayloadSchema = Type.Object(
  {
    status: fallback(oneOf(RESPONSE_STATUSES, about('How the task ended.', 'completed')), 'completed'),
    content: nullable(text(about('The answer, in words.', 'Billing listens on port 8443.'))),
    output: anything(about('The answer, structured.', { port: 8443 })),
    error: nullable(ResponseErrorSchema),
    usage: nullable(UsageSchema),
    run_id: nullable(id(about('The run that answers.', '0198f3c2-2222-7000-8000-00000000000b'))),
    agent_id: nullable(name(about('The agent that answers.', 'agent-b'))),
    citations: fallback(citations(), []),
    in_reply_to: nullable(
      place(
        about(
          'The request record, for those who do not know its task id. Such an answer does not count itself: it is copied to the partition of its task with the id filled in, and the copy counts.',
          'group.acme.skill.invoice.requests/3/1042',
        ),
      ),
    ),
  },
  { ...closed, description: 'The end of a task. The first one of a task, in log order, is its outcome.' },
)

export type NewResponsePayload = Type.Static<typeof ResponsePayloadSchema>
export type ResponsePayload = Filled<NewResponsePayload>
