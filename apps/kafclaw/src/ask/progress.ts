import type { AppError, TaskStatusEnvelope } from '@kafclaw/envelope'
import type { Output } from '../output/output.ts'

/** What a status record says, in a line for whoever waits. */
export function describeStatus({ payload, sender_id }: TaskStatusEnvelope): string {
  const who = payload.agent_id ?? sender_id
  const text = payload.text ? `: ${payload.text}` : ''
  switch (payload.status) {
    case 'assigned':
      return `assigned to ${who}${text}`
    case 'claimed':
      return `${who} works on it${payload.attempt === 1 ? '' : ` (attempt ${payload.attempt})`}${text}`
    case 'progress':
      return `${who}${text === '' ? ' works on it' : text}`
    case 'released':
      return `${who} gave it back${payload.reason ? ` (${payload.reason})` : ''}${text}`
  }
}

/** Tells whoever waits that the brokers have gone out of reach, or (null) that they are back. */
export function tellReach(output: Output, trouble: AppError | null): void {
  if (trouble) output.warn(`${trouble.message}\nThe task stays on the log; waiting goes on when the brokers are back.`)
  else output.note('the brokers are back; waiting goes on')
}
