import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { strictCheck } from '../src/contract.ts'
import { envelopeSchema } from '../src/envelope-schema.ts'
import type { JsonSchema } from '../src/json-schema.ts'
import { type EnvelopeType, isEnvelopeType, PAYLOAD_SCHEMAS } from '../src/payloads/payload-table.ts'
import { isTimestamp } from '../src/timestamp.ts'
import { readGolden } from './golden-files.ts'
import { mutateJson } from './mutations.ts'

const types = Object.keys(PAYLOAD_SCHEMAS).filter(isEnvelopeType)
// ajv in its strictest setting is the referee of what we publish: others will use it, or something like it.
const ajv = new Ajv2020({
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
  formats: { 'date-time': isTimestamp },
})
const referee = new Map(types.map((type) => [type, ajv.compile(envelopeSchema(type))]))

const bodies = readGolden('valid').map(({ name, record }) => {
  const body: { type: EnvelopeType } = JSON.parse(String(record.value))
  return { name, body }
})

describe('published schemas', () => {
  it.each(types)('%s has a stable id and is valid JSON Schema 2020-12', (type) => {
    expect(envelopeSchema(type)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `https://kafclaw.dev/schemas/v2/${type}.json`,
    })
  })

  it.each(types)('%s describes each of its fields and gives an example that is valid', (type) => {
    for (const { path, schema } of fieldsOf(envelopeSchema(type), type)) {
      expect(schema.description, path).toMatch(/.{8,}/)
      if (path.endsWith('.payload')) continue
      expect(schema.examples?.length, path).toBeGreaterThan(0)
      const validate = ajv.compile(schema)
      for (const example of schema.examples ?? [])
        expect(validate(example), `${path} ${JSON.stringify(example)}`).toBe(true)
    }
  })

  it.each(bodies.filter(({ name }) => name !== 'request-unknown-members'))(
    'accept the golden record $name',
    ({ body }) => {
      expect(referee.get(body.type)?.(body)).toBe(true)
      expect(strictCheck(body.type)(body)).toBeNull()
    },
  )

  it('mean to us what they mean to ajv, on mutated golden records', () => {
    fc.assert(
      fc.property(fc.constantFrom(...bodies), fc.infiniteStream(fc.nat()), ({ body }, numbers) => {
        const mutated = mutateJson(body, () => Number(numbers.next().value))
        const type = body.type
        expect(strictCheck(type)(mutated) === null).toBe(referee.get(type)?.(mutated))
      }),
      { numRuns: 3_000 },
    )
  })
})

function fieldsOf(schema: JsonSchema, path: string): Array<{ path: string; schema: JsonSchema }> {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    const below = `${path}.${key}`
    return [
      { path: below, schema: field },
      ...fieldsOf(field, below),
      ...(field.items ? fieldsOf(field.items, `${below}[]`) : []),
    ]
  })
}
