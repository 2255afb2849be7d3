import * as Type from 'typebox'
import { ID_PATTERN, NAME_PATTERN, RECORD_ID_PATTERN, SKILL_PATTERN } from './names.ts'

/** What each field says of itself in docs/schemas. */
export type About = { description: string; examples: unknown[] }

export const about = (description: string, ...examples: unknown[]): About => ({ description, examples })

export const text = (doc: About) => Type.String({ ...doc })
export const id = (doc: About) => Type.String({ pattern: ID_PATTERN, ...doc })
export const recordId = (doc: About) => Type.String({ pattern: RECORD_ID_PATTERN, ...doc })
export const name = (doc: About) => Type.String({ pattern: NAME_PATTERN, ...doc })
export const skillName = (doc: About) => Type.String({ pattern: SKILL_PATTERN, ...doc })
export const timestamp = (doc: About) => Type.String({ format: 'date-time', ...doc })
export const hex = (length: number, doc: About) => Type.String({ pattern: `^[0-9a-f]{${length}}$`, ...doc })
export const place = (doc: About) => Type.String({ pattern: '^[a-zA-Z0-9._-]{1,249}/[0-9]{1,9}/[0-9]{1,16}$', ...doc })

/** A whole number from `minimum` on that every language can hold exactly. */
export const integer = (minimum: number, doc: About) =>
  Type.Integer({ minimum, maximum: Number.MAX_SAFE_INTEGER, ...doc })

/** Any JSON value; missing is the same as null. */
export const anything = (doc: About) => Type.Optional(Type.Unknown({ ...doc }))

/** May be missing or null, which mean the same. */
export function nullable<T extends Type.TSchema>(schema: T) {
  const type = 'type' in schema ? [schema.type, 'null'].flat() : undefined
  const values = 'enum' in schema && Array.isArray(schema.enum) ? { enum: [...schema.enum, null] } : {}
  return Type.Optional(Type.Unsafe<Type.Static<T> | null>({ ...schema, ...(type ? { type } : {}), ...values }))
}

/** May be missing, and then has this value. */
export function fallback<T extends Type.TSchema>(schema: T, value: Type.Static<T>) {
  return Type.Optional(Type.Unsafe<Type.Static<T>>({ ...schema, default: value }))
}

/**
 * One of a closed list. A reader that meets another value passes the record over instead of calling it poison,
 * so that a newer release may add one.
 */
export function oneOf<const V extends string | number>(values: readonly V[], doc: About) {
  const type = typeof values[0] === 'number' ? 'integer' : 'string'
  return Type.Unsafe<V>({ type, enum: [...values], ...doc })
}

/** A condition between fields: where `field` has `value`, these others must be there and not null. */
export function whenIs(field: string, value: string, required: readonly string[]) {
  const present = Object.fromEntries(required.map((key) => [key, { not: { type: 'null' } }]))
  // Not if/then: the branches of anyOf say which field is missing.
  return {
    anyOf: [{ properties: present, required: [...required] }, { properties: { [field]: { not: { const: value } } } }],
  }
}

export const closed = { additionalProperties: false } as const
