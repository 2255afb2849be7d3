import type { JsonSchema } from './json-schema.ts'

/**
 * The schema by which readers judge, made from that of writers: unknown members are ignored, null is the same as missing,
 * and values of a closed list are only checked for their JSON type (`fill` tells of the unknown ones).
 */
export function toLenient(schema: JsonSchema): JsonSchema {
  const {
    additionalProperties: _closed,
    enum: _values,
    ...open
  } = schema as JsonSchema & { additionalProperties?: boolean }
  const required = new Set(schema.required)
  return {
    ...open,
    ...(schema.items ? { items: toLenient(schema.items) } : {}),
    ...(schema.properties
      ? {
          properties: Object.fromEntries(
            Object.entries(schema.properties).map(([key, field]) => [
              key,
              required.has(key) ? toLenient(field) : orNull(toLenient(field)),
            ]),
          ),
        }
      : {}),
  }
}

function orNull(schema: JsonSchema): JsonSchema {
  if (schema.type !== undefined) return { ...schema, type: [...new Set([schema.type, 'null'].flat())] }
  if (!('const' in schema)) return schema
  const { const: value, ...rest } = schema
  return { ...rest, enum: [value, null] }
}
