import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Static, TObject } from 'typebox'
import { failedResult, type Tool, type ToolContext, type ToolEffect, type ToolKind, type ToolResult } from './tool.ts'

export interface ToolSpec<Parameters extends TObject> {
  readonly name: string
  readonly description: string
  /** A closed object schema; its descriptions are what the model reads. */
  readonly parameters: Parameters
  readonly kind: ToolKind
  readonly effect: ToolEffect
  readonly longestCallMs: number
  run(args: Static<Parameters>, ctx: ToolContext): Promise<ToolResult>
}

/** Makes a tool whose `run` only ever sees arguments that fit its schema. */
export function createTool<Parameters extends TObject>(spec: ToolSpec<Parameters>): Tool {
  let compiled: ValidateFunction<Static<Parameters>> | undefined
  return {
    definition: { name: spec.name, description: spec.description, parameters: spec.parameters },
    kind: spec.kind,
    effect: spec.effect,
    longestCallMs: spec.longestCallMs,
    async call(args, ctx) {
      // Compiled at the first call, because most processes that know a tool never call it.
      compiled ??= compile<Static<Parameters>>(spec.parameters)
      if (!compiled(args)) return failedResult(describeProblems(spec.name, compiled.errors ?? []))
      return spec.run(args, ctx)
    },
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
