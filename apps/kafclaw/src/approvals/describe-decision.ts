import { formatPlace, formatTimestamp } from '@kafclaw/envelope'
import type { ApprovalRecord } from './read-approvals.ts'

/** Who decided what, when and why, in a line. */
export function describeDecision(record: ApprovalRecord): string {
  const { payload, sender_id } = record.envelope
  const said =
    payload.status === 'granted' ? `granted: ${payload.happened ? 'it happened' : 'it did not happen'}` : 'denied'
  const why = payload.reason === null ? '' : ` (${payload.reason})`
  return `${said}${why}, by ${sender_id} at ${formatTimestamp(record.timestampMs)} (${formatPlace(record)})`
}
