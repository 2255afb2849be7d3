import type { World } from '../world.ts'
import type { Evidence } from './evidence.ts'

/** A task fails only for what went wrong outside of the group: a person denies, or a model is away for too long. */
export function judgeFailures(world: World, { envelopes }: Evidence): void {
  for (const { envelope } of envelopes('response')) {
    const { status, error } = envelope.payload
    if (status !== 'failed') continue
    const isDenied = error?.code === 'KC_RUN_IN_DOUBT' && world.reached.has('person denied')
    const isModelAway = error?.code === 'KC_MODEL_UNREACHABLE' && world.faults.fickle
    if (!isDenied && !isModelAway)
      world.breach('failed without need', `${envelope.correlation_id}: ${error?.code} ${error?.message}`)
  }
}
