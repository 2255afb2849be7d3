import type { ChaosCase, Limit } from './case/chaos-case.ts'
import type { Figures } from './reading/examine.ts'

/** What a case has measured, and what of what it had to reach it has not. */
export interface Verdict {
  name: string
  figures: Figures
  failures: string[]
}

export function judge({ name, hit, reach }: ChaosCase, figures: Figures, isCi: boolean): Verdict {
  const hitLimit: Limit = { figure: 'hit', kind: 'least', amount: hit.least }
  const failures = [hitLimit, ...reach].flatMap((limit) => {
    const value = figures[limit.figure]
    // A figure that does not come up in this case holds.
    if (value === undefined && limit.kind !== 'least') return []
    return typeof value === 'number' && holds(value, limit) ? [] : [describe(limit, value) + slowest(limit, figures)]
  })
  if (isCi && figures.python === 'not run') failures.push('the checker in Python has not run')
  return { name, figures, failures }
}

function holds(value: number, { kind, amount }: Limit): boolean {
  if (kind === 'is') return value === amount
  return kind === 'least' ? value >= amount : value <= amount
}

const WORDS = { is: 'has to be', least: 'has to be at least', most: 'may be at most' } as const

/** Of a time that was too long, what took it. */
function slowest({ figure }: Limit, figures: Figures): string {
  const told = figures[figure.replace(/_p\d+_ms$/, '_slowest')]
  return typeof told === 'string' ? ` (${told})` : ''
}

function describe({ figure, kind, amount }: Limit, value: number | string | undefined): string {
  return `${figure} is ${value ?? 'not there'}, ${WORDS[kind]} ${amount}`
}
