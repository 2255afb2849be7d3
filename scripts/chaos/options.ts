import { readCommandLine, refuse } from '../command-line.ts'
import { parseTime } from './case/amounts.ts'
import type { CaseOverrides } from './case/read-case.ts'

/** In CI nothing may be left out. */
export const isCi = process.env.CI === 'true'

export interface ChaosOptions {
  /** Name of a case, or `all`. */
  what: string | undefined
  json: boolean
  /** Folder of case files; null: ours. */
  cases: string | null
  overrides: CaseOverrides
}

const TEXT = { type: 'string' } as const

/** Reads the command line. Times are durations, or whole milliseconds. */
export function readOptions(usage: () => string): ChaosOptions {
  const { values, positionals } = readCommandLine(
    {
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        cases: TEXT,
        tasks: TEXT,
        rate: TEXT,
        share: TEXT,
        steps: TEXT,
        'step-ms': TEXT,
        'kill-every': TEXT,
        lease: TEXT,
      },
    },
    usage,
  )
  const number = (name: 'tasks' | 'rate' | 'share' | 'steps'): number | undefined => {
    const text = values[name]
    if (text === undefined) return undefined
    return Number(text) > 0 ? Number(text) : refuse(`--${name} ${text}: a number above 0 is needed`, usage())
  }
  const time = (name: 'step-ms' | 'kill-every' | 'lease'): number | undefined => {
    const text = values[name]
    if (text === undefined) return undefined
    try {
      return parseTime(text, 0)
    } catch {
      return refuse(`--${name} ${text}: a time is needed, such as 500ms or 2s`, usage())
    }
  }
  return {
    what: positionals[0],
    json: values.json,
    cases: values.cases ?? null,
    overrides: withoutMissing({
      tasks: number('tasks'),
      rate: number('rate'),
      share: number('share'),
      steps: number('steps'),
      stepMs: time('step-ms'),
      killEachMs: time('kill-every'),
      leaseMs: time('lease'),
    }),
  }
}

function withoutMissing(overrides: { [K in keyof CaseOverrides]-?: CaseOverrides[K] | undefined }): CaseOverrides {
  return Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined))
}
