import type { ResponseEnvelope } from '@kafclaw/envelope'

/** Ends the line of an answer that was shown as it came. False when what was shown is not the answer, which has to be printed then. */
export function endStream(streamed: string, { payload }: ResponseEnvelope, write: (text: string) => void): boolean {
  if (streamed === '') return false
  if (!streamed.endsWith('\n')) write('\n')
  return payload.status === 'completed' && payload.content !== null && streamed.endsWith(payload.content)
}
