const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed by the other side',
  EPIPE: 'connection closed by the other side',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such name',
  EAI_AGAIN: 'the name server does not answer',
  ENODATA: 'the name has no address',
}

/** What went wrong on a socket, in a few words for people and with its code. */
export function explainSocketError(error: NodeJS.ErrnoException): string {
  const code = error.code ?? ''
  const reason = REASONS[code]
  return reason ? `${reason} (${code})` : error.message
}
