import type { KafkaProperties } from '@kafclaw/kafka'
import type { BrokerSubject } from '../broker-subject.ts'
import { failed, failedBy, ok, type Verdict, warning } from '../finding.ts'

/** Whether the listener lets us in: by SASL, by a certificate, or anybody. */
export async function checkSasl(subject: BrokerSubject): Promise<Verdict[]> {
  const { name, properties } = subject
  const offered = await subject.saslMechanisms()
  const mismatch = judgeMechanism(name, properties, offered)
  if (mismatch) return [mismatch]
  try {
    await subject.metadata()
  } catch (thrown) {
    const verdict = failedBy(name, thrown)
    return [{ ...verdict, seen: `${describeLogin(properties)}: ${verdict.seen}` }]
  }
  return [judgeLogin(name, properties, offered)]
}

/** A listener and settings that do not go together; null when they do. */
export function judgeMechanism(
  name: string,
  { sasl }: KafkaProperties,
  offered: readonly string[] | null,
): Verdict | null {
  const told = offered?.join(', ') || 'none'
  if (!sasl && offered !== null) {
    const advice = 'Set security.protocol to SASL_PLAINTEXT or SASL_SSL, with sasl.mechanism and sasl.jaas.config.'
    return failed(name, `the listener wants SASL (${told}), the settings have none`, { advice, fault: 'access' })
  }
  if (!sasl) return null
  const wanted = sasl.mechanism.toUpperCase()
  if (offered === null) {
    const advice = 'Use the port of a SASL listener, or a security.protocol without SASL.'
    return failed(name, `the listener does not use SASL, the settings want SASL ${wanted}`, { advice, fault: 'access' })
  }
  if (offered.includes(wanted)) return null
  const advice = `Set sasl.mechanism to one that the listener offers: ${told}.`
  return failed(name, `SASL ${wanted} is not offered; the listener has ${told}`, { advice, fault: 'access' })
}

export function judgeLogin(name: string, properties: KafkaProperties, offered: readonly string[] | null): Verdict {
  const { ssl, sasl } = properties
  const others = offered ? `; the listener offers ${offered.join(', ')}` : ''
  const seen = `${describeLogin(properties)}: let in${others}`
  if (sasl?.mechanism !== 'plain' || ssl) return ok(name, seen)
  return warning(name, seen, 'The password crosses the network in clear text: use SASL_SSL, or SCRAM.')
}

function describeLogin({ ssl, sasl }: KafkaProperties): string {
  if (sasl) return `SASL ${sasl.mechanism.toUpperCase()} as ${sasl.username}`
  return ssl?.cert ? 'client certificate, no SASL' : 'anonymous, no SASL'
}
