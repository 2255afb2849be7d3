import * as Type from 'typebox'
import {
  about,
  anything,
  closed,
  fallback,
  id,
  integer,
  name,
  nullable,
  oneOf,
  text,
  timestamp,
  whenIs,
} from '../fields.ts'
import type { Filled } from '../filled.ts'
import { BlobRefSchema } from './blob-ref.ts'
import { citations } from './citation.ts'
import { UsageSchema } from './usage.ts'

const ChunkSchema = Type.Object(
  {
    index: integer(0, about('Which part it is, from 0.', 0)),
    count: integer(1, about('How many parts there are.', 3)),
  },
  {
    ...closed,
    ...about('Of `chunk`: a part of an output too large for one record; `output` holds its bytes as base64.', {
      index: 0,
      count: 3,
    }),
  },
)

export const TracePayloadSchema = Type.Object(
  {
    run_id: id(about('The run.', '0198f3c2-2222-7000-8000-00000000000b')),
    attempt: integer(1, about('The attempt of the run.', 1)),
    phase: oneOf(
      ['started', 'intent', 'result', 'chunk'],
      about('`started` fences earlier runs; `intent` stands before an effect, `result` after it.', 'result'),
    ),
    step: nullable(integer(0, about('Number of the step in the run, from 0; none for `started`.', 2))),
    redo: fallback(integer(0, about('How often the step was begun again.', 0)), 0),
    kind: nullable(
      oneOf(['model', 'tool', 'recall', 'delegation', 'approval'], about('What kind of step it is.', 'tool')),
    ),
    name: nullable(text(about('The tool, model or agent.', 'memory.recall'))),
    input_hash: nullable(text(about('SHA-256 of the input of the step, hex.', 'b'.repeat(64)))),
    idempotency_key: nullable(
      text(about('The key that went with the call.', 'task_0198f3c2-1111-7000-8000-00000000000a/2/0')),
    ),
    output: anything(about('What the step gave.', 'Billing listens on port 8443.')),
    output_ref: nullable(BlobRefSchema),
    chunk: nullable(ChunkSchema),
    usage: nullable(UsageSchema),
    status: nullable(oneOf(['completed', 'failed', 'cancelled'], about('How the step ended.', 'completed'))),
    started_at: nullable(timestamp(about('When the step began.', '2026-11-23T10:00:01.000Z'))),
    ended_at: nullable(timestamp(about('When the step ended.', '2026-11-23T10:00:02.500Z'))),
    agent_id: nullable(name(about('Who ran it.', 'agent-b'))),
    citations: fallback(citations(), []),
  },
  {
    ...closed,
    description: 'A step of a run: journal, evidence and span in one.',
    allOf: ['intent', 'result', 'chunk'].map((phase) => whenIs('phase', phase, ['step', 'kind'])),
  },
)

/** What the conditions of the schema add. */
type ByPhase =
  | { phase: 'started' }
  | {
      phase: 'intent' | 'result' | 'chunk'
      step: number
      kind: 'model' | 'tool' | 'recall' | 'delegation' | 'approval'
    }

export type NewTracePayload = Type.Static<typeof TracePayloadSchema> & ByPhase
export type TracePayload = Filled<Type.Static<typeof TracePayloadSchema>> & ByPhase
