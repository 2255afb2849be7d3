import type { BrokerSubject } from '../broker-subject.ts'
import { failed, ok, type Verdict } from '../finding.ts'
import type { Resolved } from '../probes/resolve-host.ts'

export async function checkDns(subject: BrokerSubject): Promise<Verdict[]> {
  return [judgeDns(subject.name, await subject.resolved())]
}

export function judgeDns(name: string, resolved: Resolved): Verdict {
  switch (resolved.kind) {
    case 'literal':
      return ok(name, 'is an address, nothing to look up')
    case 'found':
      return ok(name, resolved.addresses.map(({ address }) => address).join(', '))
    case 'unknown': {
      const advice =
        'Correct the host in KAFCLAW_KAFKA_BROKERS, or make the name known to the resolver of this machine.'
      return failed(name, `DNS: ${resolved.reason}`, { advice, fault: 'connection' })
    }
  }
}
