import type { Env } from '@kafclaw/env'
import { type Finding, failedBy, type Layer, skipped, type Verdict } from './finding.ts'

/** One row of a table of checks: what it looks at, what must have gone well before, and how it looks. */
export interface Check<Subject> {
  layer: Layer
  /** It is skipped when one of these has failed, or was skipped because of such a failure. */
  needs: readonly Layer[]
  /** Whatever it throws is a failed verdict. */
  run(subject: Subject): Promise<Verdict[]>
}

/** Runs the checks in order on one subject. A layer that fails blocks those that need it, and those that need these. */
export async function runChecks<Subject extends { name: string }>(
  checks: ReadonlyArray<Check<Subject>>,
  subject: Subject,
  options: { env: Env; onFinding?: (finding: Finding) => void },
): Promise<Finding[]> {
  /** Layer -> the one that failed below it, or itself. */
  const blocked = new Map<Layer, Layer>()
  const findings: Finding[] = []
  for (const check of checks) {
    const blocker = check.needs.map((layer) => blocked.get(layer)).find((layer) => layer !== undefined)
    const found = blocker ? [skippedBecause(check.layer, subject.name, blocker)] : await runOne(check, subject, options)
    if (blocker) blocked.set(check.layer, blocker)
    else if (found.some(({ status }) => status === 'failed')) blocked.set(check.layer, check.layer)
    for (const finding of found) options.onFinding?.(finding)
    findings.push(...found)
  }
  return findings
}

/** The checks as they stand in the report when `blocker` leaves nothing to look at. */
export function skipChecks(
  checks: ReadonlyArray<{ layer: Layer }>,
  name: string,
  blocker: Layer | 'every broker',
): Finding[] {
  return checks.map(({ layer }) => skippedBecause(layer, name, blocker))
}

function skippedBecause(layer: Layer, name: string, blocker: Layer | 'every broker'): Finding {
  return { ...skipped(name, `because ${blocker} failed`), layer, durationMs: null }
}

async function runOne<Subject extends { name: string }>(
  check: Check<Subject>,
  subject: Subject,
  { env }: { env: Env },
): Promise<Finding[]> {
  const startedMs = env.monotonicMs()
  const verdicts = await check.run(subject).catch((thrown: unknown) => [failedBy(subject.name, thrown)])
  const durationMs = env.monotonicMs() - startedMs
  return verdicts.map((verdict, index) => ({
    ...verdict,
    layer: check.layer,
    durationMs: index === 0 && verdict.status !== 'skipped' ? durationMs : null,
  }))
}
