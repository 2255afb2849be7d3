import * as Type from 'typebox'
import { about, closed, id, integer, name, nullable, text } from '../fields.ts'
import type { Filled } from '../filled.ts'

const CitationSchema = Type.Object(
  {
    item_id: id(about('The memory item.', 'item-billing-port')),
    topic: text(about('Topic of the record that published it.', 'group.acme.memory.shared')),
    partition: integer(0, about('Partition of that record.', 0)),
    offset: integer(0, about('Offset of that record.', 17)),
    author: nullable(name(about('Agent that published it.', 'agent-c'))),
    title: nullable(text(about('Title of the item.', 'Ports of the billing service'))),
    content: nullable(text(about('What was found, where the reader gets it along.', 'Billing listens on port 8443.'))),
    age_ms: nullable(integer(0, about('Age of the item when it was recalled, milliseconds.', 86400000))),
    score: nullable(Type.Number(about('Relevance as the search saw it; higher is better.', 0.031))),
  },
  { ...closed, description: 'A memory item that was used, by its place on the log.' },
)

export type NewCitation = Type.Static<typeof CitationSchema>
export type Citation = Filled<NewCitation>

export const citations = () =>
  Type.Array(CitationSchema, {
    ...about('Memory items that were used.', [
      { item_id: 'item-billing-port', topic: 'group.acme.memory.shared', partition: 0, offset: 17 },
    ]),
  })
