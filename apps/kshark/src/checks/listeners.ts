import { AppError } from '@kafclaw/envelope'
import type { Metadata } from '@kafclaw/kafka'
import { failed, failedBy, ok, type Verdict } from '../finding.ts'
import type { GroupSubject } from '../group-subject.ts'

type Node = Metadata['brokers'][number]

/** Clients go on to the addresses that brokers advertise, whatever address they came in by. */
export async function checkListeners({ views, inspector }: GroupSubject): Promise<Verdict[]> {
  const metadata = views[0]?.metadata
  if (!metadata) return []
  return Promise.all(
    metadata.brokers.map((node) =>
      inspector.metadata(node).then(
        (answer) => judgeListener(node, { expected: metadata.clusterId, found: answer.clusterId }),
        (thrown: unknown) => judgeUnreachable(node, thrown),
      ),
    ),
  )
}

const nameOf = ({ nodeId }: Node): string => `broker ${nodeId}`
const addressOf = ({ host, port }: Node): string => `${host}:${port}`
const ADVERTISE = 'Give that broker an advertised.listeners address that leads from here to it, for this listener.'

export function judgeListener(node: Node, cluster: { expected: string; found: string }): Verdict {
  if (cluster.found === cluster.expected) return ok(nameOf(node), `advertises ${addressOf(node)}, which leads there`)
  const seen = `advertises ${addressOf(node)}, where another cluster answers (${cluster.found})`
  return failed(nameOf(node), seen, { advice: ADVERTISE, fault: 'connection' })
}

export function judgeUnreachable(node: Node, thrown: unknown): Verdict {
  const verdict = failedBy(nameOf(node), thrown)
  const seen = `advertises ${addressOf(node)}, which does not lead there: ${verdict.seen}`
  const isRefused = thrown instanceof AppError && thrown.code === 'KC_KAFKA_AUTHENTICATION'
  return { ...verdict, seen, ...(isRefused ? {} : { advice: ADVERTISE }) }
}
