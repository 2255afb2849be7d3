import { createSweep, type ScriptedCrash, SWEPT } from './script.ts'
import { simulate, type Verdict } from './simulate.ts'

/** Comes back before anybody misses it, or after another has taken the task over. */
const BACK_AFTER_MS = [100, 5000]

/** The seed decides on the order of things, which the sweep is not about. */
const SEED = 1

/** A crash at every call that the agents make to disk or log while they work on one task; every `step`-th of them. */
export async function* sweep({ first, step }: { first: number; step: number }): AsyncGenerator<{
  crash: ScriptedCrash
  verdict: Verdict
}> {
  const { calls } = await simulate({ seed: SEED, script: createSweep(null) })
  const crashes = SWEPT.flatMap((machine) =>
    Array.from({ length: calls.get(machine) ?? 0 }, (_, index) => ({
      machine,
      call: index + 1,
      backAfterMs: BACK_AFTER_MS[index % BACK_AFTER_MS.length] ?? 0,
    })),
  )
  for (let index = first; index < crashes.length; index += step) {
    const crash = crashes[index]
    if (crash) yield { crash, verdict: await simulate({ seed: SEED, script: createSweep(crash) }) }
  }
}
