import { randomBytes } from 'node:crypto'

/** A name that no other test uses, valid as a group, zone, agent id or topic segment: `<prefix>-<8 hex>`. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString('hex')}`
}
