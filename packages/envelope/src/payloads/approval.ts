import * as Type from 'typebox'
import { about, anything, closed, id, integer, name, nullable, oneOf, text, whenIs } from '../fields.ts'
import type { Filled } from '../filled.ts'

export const ApprovalPayloadSchema = Type.Object(
  {
    approval_id: id(
      about('Derived from what was shown: a decision about anything else has another id.', 'approval_0198f3c2-1'),
    ),
    status: oneOf(['asked', 'granted', 'denied'], about('What is said.', 'asked')),
    subject: nullable(oneOf(['settle'], about('What has to be decided: `settle` an effect in doubt.', 'settle'))),
    question: nullable(text(about('The question, for a person.', 'Did billing.charge happen?'))),
    run_id: nullable(id(about('The run that asks.', '0198f3c2-2222-7000-8000-00000000000b'))),
    attempt: nullable(integer(1, about('Its attempt.', 2))),
    agent_id: nullable(name(about('Who runs it.', 'agent-b'))),
    step: nullable(integer(0, about('The step that waits.', 3))),
    redo: nullable(integer(0, about('Which try of the step is in doubt.', 0))),
    tool: nullable(text(about('The tool that was called.', 'billing.charge'))),
    idempotency_key: nullable(
      text(about('The key that went with the call: look for it at the target.', 'task_0198f3c2-1/3/0')),
    ),
    arguments: anything(about('What the tool was called with.', '{"customer":"c-17","cents":4200}')),
    happened: nullable(Type.Boolean(about('Of `granted`: whether the effect happened.', true))),
    output: anything(
      about('Of `granted` when it happened: what the call gave, as far as it is known.', { receipt: 'r-1' }),
    ),
    reason: nullable(text(about('Why it was decided so.', 'seen in the ledger of the billing system'))),
  },
  {
    ...closed,
    description: 'A question for a person and its answer. The first decision about an approval_id counts.',
    allOf: [
      whenIs('status', 'asked', ['subject', 'question', 'run_id', 'step', 'redo', 'tool']),
      whenIs('status', 'granted', ['happened']),
    ],
  },
)

/** What the conditions of the schema add. */
type ByStatus =
  | { status: 'asked'; subject: 'settle'; question: string; run_id: string; step: number; redo: number; tool: string }
  | { status: 'granted'; happened: boolean }
  | { status: 'denied' }

export type NewApprovalPayload = Type.Static<typeof ApprovalPayloadSchema> & ByStatus
export type ApprovalPayload = Filled<Type.Static<typeof ApprovalPayloadSchema>> & ByStatus
