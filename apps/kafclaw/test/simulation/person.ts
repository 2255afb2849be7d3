import { sleep } from '@kafclaw/env'
import type { Random, SimulatedProcess } from '@kafclaw/env/testing'
import { type ApprovalEnvelope, decode, topicName } from '@kafclaw/envelope'
import { connectGroup } from '@kafclaw/runtime'
import { SCOPE } from './stage.ts'
import type { Target } from './target.ts'
import type { World } from './world.ts'

/**
 * Answers what runs ask of people, after having looked at the target; says it again, and otherwise, to be sure that only
 * the first decision counts. Nothing goes wrong with this one.
 */
export async function startPerson(
  world: World,
  { process, random, target }: { process: SimulatedProcess; random: Random; target: Target },
): Promise<void> {
  const { env } = process
  const log = world.broker.connect({
    env,
    mayCall: () => true,
    travelMs: () => 1,
    fetchMs: () => 1,
    fate: () => 'taken',
  })
  const client = await connectGroup({ log, env, ...SCOPE, senderId: 'person' })
  const seen = new Set<string>()

  async function decide({ correlation_id: taskId, payload }: ApprovalEnvelope): Promise<void> {
    await sleep(env, random.between(50, 3000))
    const { approval_id, idempotency_key: key } = payload
    const effect = target.find(key ?? '')
    const isDenied = random.flip(0.1)
    world.reach(isDenied ? 'person denied' : 'person decided')
    const happened = {
      approval_id,
      status: 'granted',
      happened: true,
      output: { receipt: effect?.receipt ?? 'none' },
    } as const
    const never = { approval_id, status: 'granted', happened: false } as const
    const truth = isDenied ? ({ approval_id, status: 'denied' } as const) : effect ? happened : never
    await client.publish({ type: 'approval', correlation_id: taskId, payload: truth })
    await client.publish({ type: 'approval', correlation_id: taskId, payload: effect ? never : happened })
  }

  log.read({
    topics: [topicName(SCOPE, 'control_approvals')],
    position: () => 'start',
    onBatch(batches) {
      for (const record of batches.flatMap((batch) => batch.records)) {
        const decoded = decode(record)
        if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'approval') continue
        const { envelope } = decoded
        if (envelope.payload.status !== 'asked' || seen.has(envelope.payload.approval_id)) continue
        seen.add(envelope.payload.approval_id)
        void decide(envelope)
      }
    },
  })
}
