import { failed, ok, type Verdict } from '../finding.ts'
import type { ClusterView, GroupSubject } from '../group-subject.ts'

export function checkCluster({ views }: GroupSubject): Promise<Verdict[]> {
  return Promise.resolve([judgeCluster(views)])
}

/** All brokers named must lead to one cluster: a client takes whichever answers first. */
export function judgeCluster(views: readonly ClusterView[]): Verdict {
  const byCluster = Map.groupBy(views, ({ metadata }) => metadata.clusterId)
  const [first] = views
  const name = [...byCluster.keys()].join(', ') || 'unknown'
  if (byCluster.size > 1) {
    const told = [...byCluster]
      .map(([id, members]) => `${members.map((view) => view.name).join(', ')}: ${id}`)
      .join('; ')
    const advice = 'KAFCLAW_KAFKA_BROKERS must name brokers of one cluster; take the others out.'
    return failed(name, `the brokers belong to different clusters: ${told}`, { advice, fault: 'settings' })
  }
  const { brokers = [], controllerId = -1 } = first?.metadata ?? {}
  const nodes = brokers.map(({ nodeId, host, port }) => `${nodeId} ${host}:${port}`).join(', ')
  const controller = controllerId < 0 ? 'no controller named' : `controller ${controllerId}`
  return ok(name, `${brokers.length} ${brokers.length === 1 ? 'broker' : 'brokers'} (${nodes}), ${controller}`)
}
