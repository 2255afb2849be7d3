import type { TaskStatusEnvelope } from '@kafclaw/envelope'

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
