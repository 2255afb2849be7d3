import * as Type from 'typebox'
import { about, closed, fallback, id, name, nullable, text, timestamp } from '../fields.ts'
import type { Filled } from '../filled.ts'
import { BlobRefSchema } from './blob-ref.ts'

const SourceSchema = Type.Object(
  {
    task_id: nullable(id(about('The task in which it was learnt.', 'task_0198f3c2-1111-7000-8000-00000000000a'))),
    refs: fallback(
      Type.Array(Type.String(), {
        ...about('Where it comes from: `<topic>/<partition>/<offset>` of records, or URIs.', [
          'group.acme.responses/2/88',
        ]),
      }),
      [],
    ),
  },
  { ...closed, ...about('Where the item comes from.', { refs: ['group.acme.responses/2/88'] }) },
)

export const MemoryPayloadSchema = Type.Object(
  {
    item_id: id(
      about('The item; also the key of the record. A later record of the same id replaces it.', 'item-billing-port'),
    ),
    title: nullable(text(about('A short title.', 'Ports of the billing service'))),
    content: nullable(text(about('What is to be remembered.', 'Billing listens on port 8443.'))),
    ref: nullable(BlobRefSchema),
    content_type: fallback(text(about('Media type of the content.', 'text/plain')), 'text/plain'),
    tags: fallback(Type.Array(Type.String(), { ...about('Tags to filter by.', ['billing', 'network']) }), []),
    zone: nullable(name(about('The zone of the item: that of its topic.', 'public'))),
    expires_at: nullable(timestamp(about('From then on it is not recalled any more.', '2027-01-01T00:00:00.000Z'))),
    source: nullable(SourceSchema),
  },
  {
    ...closed,
    description: 'A shared memory item. A record without a value under its key forgets it.',
    anyOf: ['content', 'ref'].map((field) => ({
      properties: { [field]: { not: { type: 'null' } } },
      required: [field],
    })),
  },
)

export type NewMemoryPayload = Type.Static<typeof MemoryPayloadSchema>
/** `zone` is filled from the topic, so readers always have one. */
export type MemoryPayload = Filled<NewMemoryPayload> & { zone: string }
