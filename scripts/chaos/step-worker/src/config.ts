/** The only place where this program sees its environment. */
export const variables = process.env

/** How many steps a run has, and how long each takes. */
export const work = {
  steps: Number(variables.CHAOS_STEPS ?? '1'),
  stepMs: Number(variables.CHAOS_STEP_MS ?? '0'),
}
