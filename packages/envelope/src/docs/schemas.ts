import { envelopeSchema } from '../envelope-schema.ts'
import { type EnvelopeType, isEnvelopeType, PAYLOAD_SCHEMAS } from '../payloads/payload-table.ts'

/** The JSON Schema files of docs/schemas, by file name; each has the golden records of its type (name -> text) as examples. */
export function generateSchemas(golden: ReadonlyMap<string, string>): Map<string, string> {
  const examples = goldenByType(golden)
  return new Map(
    Object.keys(PAYLOAD_SCHEMAS)
      .filter(isEnvelopeType)
      .map((type) => {
        const schema = { ...envelopeSchema(type), examples: examples.get(type) ?? [] }
        return [`${type}.json`, `${JSON.stringify(schema, null, 2)}\n`]
      }),
  )
}

function goldenByType(golden: ReadonlyMap<string, string>): Map<EnvelopeType, unknown[]> {
  const byType = new Map<EnvelopeType, unknown[]>()
  for (const [name, text] of golden) {
    // What only readers accept is no example for writers.
    if (name.endsWith('unknown-members')) continue
    const record: { type: string } = JSON.parse(text)
    if (isEnvelopeType(record.type)) byType.set(record.type, [...(byType.get(record.type) ?? []), record])
  }
  return byType
}
