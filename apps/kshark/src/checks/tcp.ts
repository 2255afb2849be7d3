import type { BrokerSubject } from '../broker-subject.ts'
import { failed, ok, type Verdict, warning } from '../finding.ts'
import { connectTcp, type TcpAnswer } from '../probes/connect-tcp.ts'

export async function checkTcp({ name, address, env, timeoutMs, resolved }: BrokerSubject): Promise<Verdict[]> {
  const found = await resolved()
  const addresses = found.kind === 'unknown' ? [] : found.addresses
  const answers = addresses.map((entry) => connectTcp(env, { ...entry, port: address.port }, timeoutMs))
  return [judgeTcp(name, await Promise.all(answers))]
}

export function judgeTcp(name: string, answers: readonly TcpAnswer[]): Verdict {
  const told = answers.map((answer) => `${answer.address}: ${answer.open ? 'connected' : answer.reason}`).join('; ')
  if (!answers.some(({ open }) => open)) {
    const advice = answers.some((answer) => !answer.open && /refused/.test(answer.reason))
      ? 'Nothing listens on that port: start the broker, or correct the port in KAFCLAW_KAFKA_BROKERS.'
      : 'Check the address, and that no firewall stands between.'
    return failed(name, `TCP: ${told}`, { advice, fault: 'connection' })
  }
  // A host that listens on one family only, as localhost often does, is found by each client.
  const isFamilyWhole = Object.values(Object.groupBy(answers, ({ family }) => String(family))).some((family) =>
    family?.every(({ open }) => open),
  )
  if (isFamilyWhole) return ok(name, told)
  return warning(
    name,
    told,
    'Clients lose time on the addresses that do not answer: take them out of DNS, or mend them.',
  )
}
