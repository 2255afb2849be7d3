import { setTimeout as delay } from 'node:timers/promises'
import { type ApprovalEnvelope, decode, topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import type { Scene } from '../scene.ts'

const LOOK_AGAIN_MS = 300

/** A person who looks into the ledger: says of each effect that is asked for whether it happened, until all is answered. */
export async function decide(scene: Scene): Promise<void> {
  const { stage, ledger, load } = scene
  let isOver = false
  const over = load.answered.then(() => {
    isOver = true
  })
  const decided = new Set<string>()
  while (!isOver) {
    const open = (await readAsked(scene)).filter(({ payload }) => !decided.has(payload.approval_id))
    const effects = new Set((await ledger?.read())?.filter(({ kind }) => kind === 'effect').map(({ key }) => key))
    for (const { correlation_id, id, payload } of open) {
      decided.add(payload.approval_id)
      const key = payload.idempotency_key ?? ''
      const happened = effects.has(key)
      await stage.client.publish({
        type: 'approval',
        correlation_id,
        causation_id: id,
        payload: {
          approval_id: payload.approval_id,
          status: 'granted',
          happened,
          ...(happened ? { output: `receipt-${key}` } : {}),
          reason: 'seen in the ledger',
        },
      })
    }
    await Promise.race([over, delay(LOOK_AGAIN_MS)])
  }
}

/** The questions to a person, in the order of the log. */
export async function readAsked({ stage: { log, scope } }: Pick<Scene, 'stage'>): Promise<ApprovalEnvelope[]> {
  const records = await readAll(log, [topicName(scope, 'control_approvals')])
  return records.flatMap((record) => {
    const decoded = decode(record)
    if (decoded.kind !== 'envelope' || decoded.envelope.type !== 'approval') return []
    return decoded.envelope.payload.status === 'asked' ? [decoded.envelope] : []
  })
}
