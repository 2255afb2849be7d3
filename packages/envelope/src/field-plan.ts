import type { JsonSchema } from './json-schema.ts'
import { normalizeTimestamp } from './timestamp.ts'

/** How one field is filled in when reading and left out when writing; made once from its schema. */
interface FieldPlan {
  readonly key: string
  readonly fallback: unknown
  /** Whether null is what readers fill in anyway. */
  readonly nullIsMissing: boolean
  readonly values: ReadonlySet<unknown> | null
  readonly isTime: boolean
  readonly nested: ObjectPlan | null
  readonly items: ObjectPlan | null
}

export interface ObjectPlan {
  readonly fields: readonly FieldPlan[]
  readonly keys: ReadonlySet<string>
  /** An object with every key and nothing in it. */
  readonly empty: Readonly<JsonObject>
}
type JsonObject = Record<string, unknown>

/** Plans the fields of an object schema; null for schemas of anything else, which are taken as they are. */
export function planObject(schema: JsonSchema): ObjectPlan | null {
  if (!schema.properties) return null
  const required = new Set(schema.required)
  const fields = Object.entries(schema.properties).map(([key, field]) => ({
    key,
    fallback: field.default ?? null,
    nullIsMissing: !required.has(key) && (field.default ?? null) === null,
    values: field.enum ? new Set(field.enum) : null,
    isTime: field.format === 'date-time',
    nested: planObject(field),
    items: field.items ? planObject(field.items) : null,
  }))
  return { fields, keys: new Set(fields.map(({ key }) => key)), empty: withKeys(fields.map(({ key }) => key)) }
}

/** As a parser makes it: an object to which many keys are added one by one becomes a table, which is slow to read and to write. */
function withKeys(keys: readonly string[]): JsonObject {
  return JSON.parse(`{${keys.map((key) => `${JSON.stringify(key)}:null`).join()}}`)
}

/** What `fill` met on its way. */
export interface FillNotes {
  unknownValue: string | null
}

/** A valid object with every field of the plan: defaults and nulls filled in, unknown members dropped, times in UTC. */
export function fill(plan: ObjectPlan, source: JsonObject, notes: FillNotes): JsonObject {
  const filled: JsonObject = { ...plan.empty }
  for (const field of plan.fields) {
    const given = source[field.key] ?? null
    filled[field.key] = given === null ? fallbackOf(field) : fillField(field, given, notes)
  }
  return filled
}

function fillField(field: FieldPlan, given: unknown, notes: FillNotes): unknown {
  if (field.values && !field.values.has(given)) notes.unknownValue ??= field.key
  if (field.isTime) return normalizeTimestamp(String(given))
  if (field.nested && isObject(given)) return fill(field.nested, given, notes)
  const { items } = field
  if (items && Array.isArray(given)) return given.map((item) => (isObject(item) ? fill(items, item, notes) : item))
  return given
}

/** A fresh array each time: what a reader does with one record must not show in the next. */
function fallbackOf(field: FieldPlan): unknown {
  return Array.isArray(field.fallback) ? [...field.fallback] : field.fallback
}

/**
 * The opposite of `fill`: leaves out what readers fill in with null. Members that the plan does not know stay, for the check
 * to refuse. Builds a new object instead of deleting from a copy, which would make every later look at it slow.
 */
export function compact(plan: ObjectPlan, source: JsonObject): JsonObject {
  const kept: JsonObject = {}
  for (const { key, nullIsMissing, nested, items } of plan.fields) {
    const value = source[key]
    if (value === undefined || (value === null && nullIsMissing)) continue
    if (nested && isObject(value)) kept[key] = compact(nested, value)
    else if (items && Array.isArray(value))
      kept[key] = value.map((item) => (isObject(item) ? compact(items, item) : item))
    else kept[key] = value
  }
  return addUnplanned(plan, source, kept)
}

/** Adds the members of `source` that the plan does not know; mostly there are none. */
export function addUnplanned(plan: ObjectPlan, source: JsonObject, target: JsonObject): JsonObject {
  for (const key of Object.keys(source)) {
    if (plan.keys.has(key)) continue
    // Not by assignment: a member called __proto__ must be there to be refused.
    Object.defineProperty(target, key, { value: source[key], enumerable: true, configurable: true, writable: true })
  }
  return target
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
