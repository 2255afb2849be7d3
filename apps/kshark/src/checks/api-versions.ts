import { type ApiRange, NEEDED_APIS, type NeededApi } from '@kafclaw/kafka'
import type { BrokerSubject } from '../broker-subject.ts'
import { failed, failedBy, ok, type Verdict, warning } from '../finding.ts'
import { protocolOf } from './settings.ts'

export async function checkApiVersions(subject: BrokerSubject): Promise<Verdict[]> {
  try {
    return judgeApiVersions(subject.name, await subject.apiRanges())
  } catch (thrown) {
    const verdict = failedBy(subject.name, thrown)
    if (verdict.status !== 'failed') return [verdict]
    const advice = `The port is open but nothing answers as Kafka does with security.protocol=${protocolOf(subject.properties)}: correct that, or the port.`
    return [{ ...verdict, advice }]
  }
}

export function judgeApiVersions(
  name: string,
  offered: readonly ApiRange[],
  needed: readonly NeededApi[] = NEEDED_APIS,
): Verdict[] {
  const missing = needed.filter((api) => !isServed(api, offered))
  if (missing.length === 0) return [ok(name, needed.map((api) => `${api.name} ${agreed(api, offered)}`).join(', '))]
  return missing.map((api) => {
    const range = offered.find(({ key }) => key === api.key)
    const there = range ? `the broker offers ${range.min} to ${range.max}` : 'the broker does not know it'
    const seen = `${api.name}: we speak ${api.min} to ${api.max}, ${there}`
    if (api.use === 'inspect') return warning(name, seen, 'Consumer groups cannot be looked at; nothing else needs it.')
    const advice = 'Use Apache Kafka 2.3 or newer, or another broker that speaks these versions.'
    return failed(name, seen, { advice, fault: 'group' })
  })
}

function isServed({ key, min, max }: NeededApi, offered: readonly ApiRange[]): boolean {
  return offered.some((range) => range.key === key && range.min <= max && range.max >= min)
}

/** The version that will be used: the highest that both know. */
function agreed({ key, max }: NeededApi, offered: readonly ApiRange[]): number {
  return Math.min(max, offered.find((range) => range.key === key)?.max ?? max)
}
