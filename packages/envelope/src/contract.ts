import type { TLocalizedValidationError } from 'typebox/error'
import { Errors } from 'typebox/schema'
import { checkFunction } from './check-function.ts'
import { type CheckName, schemaOf } from './check-name.ts'
import { useTimestamps } from './check-timestamps.ts'
import { type ObjectPlan, planObject } from './field-plan.ts'
import type { JsonSchema } from './json-schema.ts'
import { type EnvelopeType, PAYLOAD_SCHEMAS } from './payloads/payload-table.ts'

/** Checks a value; null when it is valid, else a sentence for people. */
export type Check = (value: unknown) => string | null

// Everything here is made at its first use: a command that touches no record must not pay for its schemas.
const strictChecks = new Map<EnvelopeType, Check>()
const lenientChecks = new Map<EnvelopeType, Check>()
let unknownCheck: Check | null = null
const payloadPlans = new Map<EnvelopeType, ObjectPlan>()
const NO_FIELDS: ObjectPlan = { fields: [], keys: new Set(), empty: {} }

/** The check for writers: no member that the schema does not name. */
export function strictCheck(type: EnvelopeType): Check {
  return once(strictChecks, type, () => checkOf(`strict ${type}`))
}

/** The check for readers: unknown members are ignored. */
export function lenientCheck(type: EnvelopeType): Check {
  return once(lenientChecks, type, () => checkOf(`lenient ${type}`))
}

/** The check of what surrounds a payload of a type that this release does not know. */
export function unknownTypeCheck(): Check {
  unknownCheck ??= checkOf('unknown')
  return unknownCheck
}

function checkOf(name: CheckName): Check {
  useTimestamps()
  const isValid = checkFunction(name)
  let schema: JsonSchema | null = null
  return (value) => {
    if (isValid(value)) return null
    schema ??= schemaOf(name)
    return explain(Errors(schema, value)[1])
  }
}

export function payloadPlan(type: EnvelopeType): ObjectPlan {
  return once(payloadPlans, type, () => planObject(PAYLOAD_SCHEMAS[type]) ?? NO_FIELDS)
}

function once<K, V>(cache: Map<K, V>, key: K, make: () => V): V {
  const known = cache.get(key)
  if (known !== undefined) return known
  const made = make()
  cache.set(key, made)
  return made
}

/** The first error that names a field; those of the branches around it say less. */
function explain(errors: readonly TLocalizedValidationError[]): string {
  const error = errors.find(({ keyword }) => !['boolean', 'anyOf', 'if', 'allOf'].includes(keyword)) ?? errors[0]
  if (!error) return 'the record is not valid'
  const where = error.instancePath.slice(1).replaceAll('/', '.') || 'the record'
  switch (error.keyword) {
    case 'additionalProperties':
      return `${where} has a member that its schema does not know: ${error.params.additionalProperties.join(', ')}`
    case 'required':
      return `${where} must have the member ${error.params.requiredProperties.join(', ')}`
    case 'enum':
      return `${where} must be one of ${JSON.stringify(error.params.allowedValues.filter((value) => value !== null))}`
    case 'const':
      return `${where} must be ${JSON.stringify(error.params.allowedValue)}`
    case 'format':
      return `${where} must be a time like 2026-11-23T10:00:00.000Z`
    case 'not':
      return `${where} must not be null here`
    default:
      return `${where} ${error.message}`
  }
}
