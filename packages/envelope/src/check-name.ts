import { envelopeSchema, unknownTypeSchema } from './envelope-schema.ts'
import type { JsonSchema } from './json-schema.ts'
import { toLenient } from './lenient.ts'
import { type EnvelopeType, isEnvelopeType, PAYLOAD_SCHEMAS } from './payloads/payload-table.ts'

/**
 * A check of a whole envelope: `strict` is for writers (no member that the schema does not name), `lenient` for readers (unknown
 * members are ignored); `unknown` is the lenient one of what surrounds a payload of a type that this release does not know.
 */
export type CheckName = `${'strict' | 'lenient'} ${EnvelopeType}` | 'unknown'

export const CHECK_NAMES: readonly CheckName[] = [
  ...Object.keys(PAYLOAD_SCHEMAS)
    .filter(isEnvelopeType)
    .flatMap((type): CheckName[] => [`strict ${type}`, `lenient ${type}`]),
  'unknown',
]

export function schemaOf(name: CheckName): JsonSchema {
  if (name === 'unknown') return toLenient(unknownTypeSchema())
  const [mode, type] = name.split(' ')
  // The type of a CheckName is one of the table's.
  const schema = envelopeSchema(type as EnvelopeType)
  return mode === 'strict' ? schema : toLenient(schema)
}
