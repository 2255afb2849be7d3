import type { Env } from '@kafclaw/env'
import { topicName } from '@kafclaw/envelope'
import type { BrokerAddress, ConsumerGroup, KafkaInspector, Log, Metadata } from '@kafclaw/kafka'
import { readZone, type TopicScope, type ZoneSettings } from '@kafclaw/runtime'
import { once } from './once.ts'
import { type ProbeResult, probeRoundTrips } from './probes/probe-round-trips.ts'

/** The cluster as one of the named brokers tells it. */
export interface ClusterView {
  /** The broker that was asked. */
  name: string
  metadata: Metadata
}

/** The group on brokers that let us in, and what is known of it; everything is asked once, when a check first needs it. */
export interface GroupSubject {
  name: string
  scope: TopicScope
  env: Env
  log: Log
  inspector: KafkaInspector
  /** A broker that lets us in. */
  entry: BrokerAddress
  views: readonly ClusterView[]
  topicNames(): Promise<readonly string[]>
  /** null where the zone has no record. */
  zone(): Promise<ZoneSettings | null>
  /** Those that read topics of the group or have offsets of them, from all coordinators. */
  consumerGroups(): Promise<ConsumerGroup[]>
  /** null: not wanted. */
  probe: (() => Promise<ProbeResult>) | null
}

export function createGroupSubject(options: {
  scope: TopicScope
  env: Env
  log: Log
  inspector: KafkaInspector
  entry: BrokerAddress
  views: readonly ClusterView[]
  mayProbe: boolean
}): GroupSubject {
  const { scope, env, log, inspector, views, mayProbe } = options
  const topicNames = once(() => log.listTopics())
  return {
    ...options,
    name: `${scope.group}/${scope.zone}`,
    topicNames,
    zone: once(async () =>
      (await topicNames()).includes(topicName(scope, 'control_zones')) ? readZone(log, scope) : null,
    ),
    consumerGroups: once(async () => {
      const brokers = views[0]?.metadata.brokers ?? []
      // Offsets outlive the topics that they were committed for.
      const own = new Set((await topicNames()).filter((name) => name.startsWith(`group.${scope.group}.`)))
      const concerns = (topic: string) => own.has(topic)
      return (await Promise.all(brokers.map((broker) => inspector.consumerGroups(broker, concerns)))).flat()
    }),
    probe: mayProbe ? once(async () => probeRoundTrips({ env, log, topics: await topicNames() })) : null,
  }
}
