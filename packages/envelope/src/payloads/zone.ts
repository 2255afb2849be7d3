import * as Type from 'typebox'
import { about, closed, fallback, integer, name } from '../fields.ts'
import type { Filled } from '../filled.ts'

export const ZonePayloadSchema = Type.Object(
  {
    zone: name(about('The zone.', 'public')),
    partitions: integer(1, about('Partitions of each task topic of the zone; fixed for its life.', 6)),
    lease_ms: integer(1, about('Lease of a claim in the zone, milliseconds; agents beat each quarter of it.', 12000)),
    require_assignment: fallback(
      Type.Boolean(about('Nobody claims without an assignment of the orchestrator.', false)),
      false,
    ),
  },
  { ...closed, description: 'A zone of the group and what holds in it.' },
)

export type NewZonePayload = Type.Static<typeof ZonePayloadSchema>
export type ZonePayload = Filled<NewZonePayload>
