import { hostname } from 'node:os'
import { createEnvelope } from '@kafclaw/envelope'
import type { OutgoingRecord } from '@kafclaw/kafka'
import type { Boot } from '@kafclaw/tasks'
import type { MemberOptions } from './member-core.ts'
import { toOutgoing } from './sender.ts'

/** The announce record of this moment. */
export function composeBeat(
  options: MemberOptions,
  now: { boot: Boot; isLeaving: boolean; free: number },
): { id: string; record: OutgoingRecord } {
  const { env, group, zone, agentId } = options
  const envelope = createEnvelope(
    {
      type: 'announce',
      group,
      zone,
      sender_id: agentId,
      payload: {
        agent_id: agentId,
        boot_id: now.boot.id,
        boot: now.boot.number(),
        status: now.isLeaving ? 'leaving' : 'live',
        role: options.role,
        skills: options.skills,
        capacity: options.capacity,
        free: now.free,
        protocol_level: 3,
        version: options.version,
        host: hostname(),
      },
    },
    { id: env.newId(), nowMs: env.now() },
  )
  return { id: envelope.id, record: toOutgoing(envelope, { partitions: 1 }) }
}
