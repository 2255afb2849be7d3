import type { ToolDefinition } from '@kafclaw/llm'

/** Which call this is: all derived ids come from it, so that asking twice is asking once. */
export interface ToolContext {
  readonly taskId: string
  readonly runId: string
  /** Step of the run, from 0. */
  readonly step: number
  /** Place of the call among the calls of its step, from 0. */
  readonly index: number
  /** How often this step was begun before. */
  readonly redo: number
  readonly attempt: number
  /** `<task id>/<step>/<redo>`: goes with the call to the target, which does the same key only once. */
  readonly idempotencyKey: string
  readonly signal: AbortSignal
}

/** A memory item that a result rests on, in the names of the wire. */
export interface Citation {
  readonly item_id: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly author: string
  readonly title: string
}

export interface ToolResult {
  /** `in_doubt`: it is not known whether the effect happened. */
  readonly status: 'completed' | 'failed' | 'in_doubt'
  /** JSON text for the model; of a failed call `{"error": "..."}` says what to do better. */
  readonly content: string
  /** The same for programs and the journal. */
  readonly output?: unknown
  readonly citations?: readonly Citation[]
}

/**
 * What may happen when a call is made twice: `none`: nothing outside changes; `idempotent`: twice is once, by derived
 * ids; `once`: it must not happen again without being settled first (DESIGN: a run and its journal).
 */
export type ToolEffect = 'none' | 'idempotent' | 'once'

/** The kind of step that a call is in the journal. */
export type ToolKind = 'tool' | 'recall' | 'delegation'

export interface Tool {
  readonly definition: ToolDefinition
  readonly kind: ToolKind
  readonly effect: ToolEffect
  /** After this time no call can still have an effect, ms. */
  readonly longestCallMs: number
  /** Checks the arguments first; wrong ones are a failed result. A tool of effect `once` that throws leaves its effect in doubt. */
  call(args: unknown, ctx: ToolContext): Promise<ToolResult>
  /** Tells what became of an earlier call with the key of `ctx`; without it a person has to. */
  settle?(args: unknown, ctx: ToolContext): Promise<ToolSettlement>
}

/**
 * `never`: the call did not happen and never will, because the target refuses its key from now on. A target that can only say
 * that it has not happened yet leaves it `unknown`: the first call may still be under way.
 */
export type ToolSettlement = { kind: 'happened'; result: ToolResult } | { kind: 'never' } | { kind: 'unknown' }

/** A result that tells the model what went wrong. */
export function failedResult(error: string, output?: unknown): ToolResult {
  return { status: 'failed', content: JSON.stringify({ error }), ...(output === undefined ? {} : { output }) }
}

/** A result whose content is the JSON of its output. */
export function completedResult(output: object, citations?: readonly Citation[]): ToolResult {
  return { status: 'completed', content: JSON.stringify(output), output, ...(citations ? { citations } : {}) }
}
