/** What a run has measured, and which of its own conditions it has failed. */
export interface Verdict {
  figures: Record<string, number | string | null>
  failures: string[]
}

/** Conditions by what they say; those that do not hold are the failures. */
export function judge(figures: Verdict['figures'], conditions: Record<string, boolean>): Verdict {
  const failures = Object.entries(conditions).flatMap(([says, holds]) => (holds ? [] : [says]))
  return { figures, failures }
}
