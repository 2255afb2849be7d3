import * as Type from 'typebox'
import { about, closed, hex, integer, text } from '../fields.ts'

/** A claim check: content too large for a record, stored elsewhere before the record is sent. */
export type BlobRef = Type.Static<typeof BlobRefSchema>

export const BlobRefSchema = Type.Object(
  {
    uri: text(about('Where the object is.', 's3://acme-agents/reports/2026-11.pdf')),
    sha256: hex(64, about('SHA-256 of the object, hex; readers check it.', 'a'.repeat(64))),
    size_bytes: integer(0, about('Size of the object; readers check it.', 1048576)),
    content_type: text(about('Media type of the object.', 'application/pdf')),
  },
  {
    ...closed,
    ...about('Content by reference: readers check hash and size.', {
      uri: 's3://acme-agents/reports/2026-11.pdf',
      sha256: 'a'.repeat(64),
      size_bytes: 1048576,
      content_type: 'application/pdf',
    }),
  },
)
