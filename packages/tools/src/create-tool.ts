import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Static, TObject } from 'typebox'
import {
  failedResult,
  type Tool,
  type ToolContext,
  type ToolEffect,
  type ToolKind,
  type ToolResult,
  type ToolSettlement,
} from './tool.ts'

export interface ToolSpec<Parameters extends TObject> {
  readonly name: string
  readonly description: string
  /** A closed object schema; its descriptions are what the model reads. */
  readonly parameters: Parameters
  readonly kind: ToolKind
  /** `once` when it is left out: what nobody has thought about must not happen twice. */
  readonly effect?: ToolEffect
  readonly longestCallMs: number
  run(args: Static<Parameters>, ctx: ToolContext): Promise<ToolResult>
  settle?(args: Static<Parameters>, ctx: ToolContext): Promise<ToolSettlement>
}

/** Makes a tool whose `run` only ever sees arguments that fit its schema. */
export function createTool<Parameters extends TObject>(spec: ToolSpec<Parameters>): Tool {
  let compiled: ValidateFunction<Static<Parameters>> | undefined
  // Compiled at the first call, because most processes that know a tool never call it.
  const check = (): ValidateFunction<Static<Parameters>> => (compiled ??= compile<Static<Parameters>>(spec.parameters))
  const { settle } = spec
  return {
    definition: { name: spec.name, description: spec.description, parameters: spec.parameters },
    kind: spec.kind,
    effect: spec.effect ?? 'once',
    longestCallMs: spec.longestCallMs,
    async call(args, ctx) {
      const isValid = check()
      if (!isValid(args)) return failedResult(describeProblems(spec.name, isValid.errors ?? []))
      return spec.run(args, ctx)
    },
    ...(settle
      ? {
          async settle(args: unknown, ctx: ToolContext): Promise<ToolSettlement> {
            const isValid = check()
            // A call with such arguments was refused before it could do anything.
            return isValid(args) ? settle(args, ctx) : { kind: 'never' }
          },
        }
      : {}),
  }
}

let ajv: Ajv2020 | undefined

/** One compiler for all: it has its meta-schema, and every schema that it has seen, only once. */
function compile<Arguments>(schema: object): ValidateFunction<Arguments> {
  ajv ??= new Ajv2020({ allErrors: true })
  return ajv.compile<Arguments>(schema)
}

const MOST_PROBLEMS = 5

function describeProblems(name: string, errors: readonly ErrorObject[]): string {
  const problems = errors.slice(0, MOST_PROBLEMS).map((error) => {
    const where = error.instancePath === '' ? 'the arguments' : error.instancePath.slice(1).replaceAll('/', '.')
    const extra = error.keyword === 'additionalProperties' ? ` (${String(error.params.additionalProperty)})` : ''
    return `${where} ${error.message ?? 'are wrong'}${extra}`
  })
  return `The arguments of ${name} are wrong: ${problems.join('; ')}. Call it again with arguments that fit its schema.`
}
