import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { envelopeSchema, unknownTypeSchema } from './envelope-schema.ts'
import { type ObjectPlan, planObject } from './field-plan.ts'
import { toLenient } from './lenient.ts'
import { type EnvelopeType, PAYLOAD_SCHEMAS } from './payloads/payload-table.ts'
import { isTimestamp } from './timestamp.ts'

/** Checks a value; null when it is valid, else a sentence for people. */
export type Check = (value: unknown) => string | null

// Everything here is made at its first use: a command that touches no record must not pay for compiling schemas.
let ajv: Ajv2020 | undefined
const strict = new Map<string, Check>()
const lenient = new Map<string, Check>()
const payloadPlans = new Map<EnvelopeType, ObjectPlan>()

/** The check for writers: no member that the schema does not name. */
export function strictCheck(type: EnvelopeType): Check {
  return once(strict, type, () => compile(envelopeSchema(type)))
}

/** The check for readers: unknown members are ignored. */
export function lenientCheck(type: EnvelopeType): Check {
  return once(lenient, type, () => compile(toLenient(envelopeSchema(type))))
}

/** The check of what surrounds a payload of a type that this release does not know. */
export function unknownTypeCheck(): Check {
  return once(lenient, '', () => compile(toLenient(unknownTypeSchema())))
}

export function payloadPlan(type: EnvelopeType): ObjectPlan {
  return once(payloadPlans, type, () => planObject(PAYLOAD_SCHEMAS[type]) ?? [])
}

function once<K, V>(cache: Map<K, V>, key: K, make: () => V): V {
  const known = cache.get(key)
  if (known !== undefined) return known
  const made = make()
  cache.set(key, made)
  return made
}

function compile(schema: object): Check {
  ajv ??= new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    strictRequired: false,
    strictTypes: false,
    formats: { 'date-time': isTimestamp },
  })
  // The reading form would have the $id of the writing form, and ajv keeps one schema per $id.
  const { $id: _, ...anonymous }: { $id?: string } = schema
  const validate: ValidateFunction = ajv.compile(anonymous)
  return (value) => (validate(value) ? null : explain(validate.errors?.[0]))
}

function explain(error: ErrorObject | undefined): string {
  if (!error) return 'the record is not valid'
  const where = error.instancePath.slice(1).replaceAll('/', '.') || 'the record'
  switch (error.keyword) {
    case 'additionalProperties':
      return `${where} has a member that its schema does not know: "${String(error.params.additionalProperty)}"`
    case 'enum':
      return `${where} must be one of ${JSON.stringify(error.params.allowedValues)}`
    case 'const':
      return `${where} must be ${JSON.stringify(error.params.allowedValue)}`
    case 'format':
      return `${where} must be a time like 2026-11-23T10:00:00.000Z`
    case 'not':
      return `${where} must not be null here`
    default:
      return `${where} ${error.message ?? 'is not valid'}`
  }
}
