import { isIP } from 'node:net'
import { type ConnectionOptions, connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls'
import type { Env } from '@kafclaw/env'
import { explainSocketError } from './socket-error.ts'

/** What a TLS handshake showed. */
export type Handshake =
  | {
      done: true
      protocol: string
      cipher: string
      subject: string
      issuer: string
      /** Names and addresses for which the certificate is good. */
      names: readonly string[]
      validToMs: number
      /** Code of the reason why a client would not trust it; null when it would. */
      distrust: string | null
    }
  | { done: false; reason: string }

/**
 * Shakes hands as our client does and looks at what the other side shows, trusted or not; nothing is ever sent over the
 * connection.
 */
export async function shakeHands(
  env: Env,
  { host, port }: { host: string; port: number },
  { ssl, timeoutMs }: { ssl: ConnectionOptions; timeoutMs: number },
): Promise<Handshake> {
  const { promise, resolve } = Promise.withResolvers<Handshake>()
  const name = isIP(host) ? {} : { servername: host }
  const fail = (reason: string) => resolve({ done: false, reason })
  const timer = env.setTimer(timeoutMs, () => fail(`no handshake within ${timeoutMs} ms`))
  let socket: TLSSocket | undefined
  try {
    // With distrust as an error the handshake would end before there is anything to show.
    const opened = connect({ host, port, ...name, ...ssl, rejectUnauthorized: false })
    socket = opened
    opened.on('secureConnect', () => resolve(describe(opened)))
    opened.on('error', (error) => fail(explainSocketError(error)))
    opened.on('close', () => fail('the other side closed the connection during the handshake'))
    return await promise
  } catch (error) {
    // Keys that cannot be used fail before anything is sent.
    return { done: false, reason: error instanceof Error ? error.message : String(error) }
  } finally {
    timer.cancel()
    socket?.destroy()
  }
}

function describe(socket: TLSSocket): Handshake {
  const certificate = socket.getPeerCertificate(true)
  // Node has the code of the reason here, whatever its types say.
  const distrust: unknown = socket.authorized ? null : socket.authorizationError
  return {
    done: true,
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    names: (certificate.subjectaltname ?? '').split(', ').filter(Boolean),
    validToMs: Date.parse(certificate.valid_to),
    distrust: distrust === null ? null : String(distrust),
  }
}

function nameOf(name: DetailedPeerCertificate['subject'] | undefined): string {
  const parts = Object.entries(name ?? {}).map(([key, value]) => `${key}=${String(value)}`)
  return parts.join(', ') || 'nameless'
}
