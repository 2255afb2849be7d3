import { AppError } from '@kafclaw/envelope'
import type { BrokerSubject } from '../broker-subject.ts'
import { failed, failedBy, ok, skipped, type Verdict, warning } from '../finding.ts'
import { type Handshake, shakeHands } from '../probes/shake-hands.ts'

export async function checkTls(subject: BrokerSubject): Promise<Verdict[]> {
  const { name, address, env, timeoutMs, properties } = subject
  if (!properties.ssl) return [skipped(name, 'security.protocol is without TLS')]
  const verdict = judgeTls(name, await shakeHands(env, address, { ssl: properties.ssl, timeoutMs }), env.now())
  if (verdict.status === 'failed') return [verdict]
  const refusal = await refusalOfOurCertificate(subject)
  return [refusal ? failedBy(name, refusal) : verdict]
}

/** In TLS 1.3 the broker says after the handshake that it does not want our certificate, or none. */
async function refusalOfOurCertificate(subject: BrokerSubject): Promise<AppError | null> {
  try {
    await subject.apiRanges()
    return null
  } catch (thrown) {
    const error = AppError.fromUnknown(thrown, 'KC_KAFKA_UNREACHABLE')
    return error.code === 'KC_KAFKA_AUTHENTICATION' ? error : null
  }
}

const DAY_MS = 86_400_000
const SOON_DAYS = 14

export function judgeTls(name: string, handshake: Handshake, nowMs: number): Verdict {
  if (!handshake.done) {
    const advice = 'Check that the port speaks TLS (security.protocol), and that broker and client share a TLS version.'
    return failed(name, `TLS: ${handshake.reason}`, { advice, fault: 'connection' })
  }
  const { protocol, cipher, subject, issuer, names, validToMs, distrust } = handshake
  const daysLeft = Math.floor((validToMs - nowMs) / DAY_MS)
  const seen = `${protocol}, ${cipher}, certificate ${subject} of ${issuer} for ${names.join(', ') || 'no names'}, ${daysLeft} days left`
  if (distrust !== null) {
    const { reason, advice } = explainDistrust(distrust, issuer)
    return failed(name, `TLS: ${reason} (${distrust}); ${seen}`, { advice, fault: 'connection' })
  }
  if (daysLeft < SOON_DAYS) return warning(name, seen, 'Renew the certificate of the broker before it expires.')
  return ok(name, seen)
}

function explainDistrust(code: string, issuer: string): { reason: string; advice: string } {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return {
        reason: 'the certificate has expired',
        advice: 'Renew the certificate of the broker, or set the clock of this machine.',
      }
    case 'CERT_NOT_YET_VALID':
      return { reason: 'the certificate is not valid yet', advice: 'Set the clock of this machine, or wait.' }
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return {
        reason: 'the certificate is not for this host',
        advice:
          'Name the broker as its certificate does, or issue one with this name; ssl.endpoint.identification.algorithm= (empty) gives up the check.',
      }
    default:
      return {
        reason: `the authority ${issuer} is not trusted`,
        advice: 'Put the certificate of that authority into ssl.truststore.location (PEM), whole chain included.',
      }
  }
}
