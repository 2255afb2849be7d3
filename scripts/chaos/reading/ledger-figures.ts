import type { ResponseEnvelope } from '@kafclaw/envelope'
import type { LedgerLine } from '../ledger/ledger-line.ts'

interface Outside {
  lines: readonly LedgerLine[]
  answers: ReadonlyMap<string, readonly ResponseEnvelope[]>
  /** Questions to a person. */
  asked: number
  hasOnce: boolean
  /** Runs whose claim has held: what others do before they know that theirs does not counts for nothing. */
  held: ReadonlySet<string>
}

/** What the world outside has seen. */
export function ledgerFigures({ lines, answers, asked, hasOnce, held }: Outside): Record<string, number> {
  const of = (kind: LedgerLine['kind']): LedgerLine[] => lines.filter((line) => line.kind === kind)
  const effects = countBy(of('effect'))
  const steps = countBy(of('step').filter(({ runId }) => held.has(runId)))
  const completed = [...answers]
    .filter(([, [first]]) => first?.payload.status === 'completed')
    .map(([taskId]) => taskId)
  const withEffect = new Set(of('effect').map(({ taskId }) => taskId))
  const settled = new Set([...of('void'), ...of('settled')].map(({ key }) => key)).size
  return {
    steps_twice: [...steps.values()].filter((times) => times > 1).length,
    ...(hasOnce
      ? {
          effects: effects.size,
          effects_twice: [...effects.values()].filter((times) => times > 1).length,
          effects_missing: completed.filter((taskId) => !withEffect.has(taskId)).length,
          in_doubt: settled + asked,
          settled,
          asked_of_person: asked,
          refused_calls: of('refused').length,
        }
      : {}),
  }
}

/** How often each step of each task stands there. */
function countBy(lines: readonly LedgerLine[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { taskId, step } of lines) counts.set(`${taskId}/${step}`, (counts.get(`${taskId}/${step}`) ?? 0) + 1)
  return counts
}
