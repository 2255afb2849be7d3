import { parseArgs } from 'node:util'
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
export function readOptions(args: readonly string[]): ChaosOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
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
  })
  const number = (name: 'tasks' | 'rate' | 'share' | 'steps'): number | undefined => readNumber(name, values[name])
  const time = (text: string | undefined): number | undefined => (text === undefined ? undefined : parseTime(text, 0))
  return {
    what: positionals[0],
    json: values.json,
    cases: values.cases ?? null,
    overrides: withoutMissing({
      tasks: number('tasks'),
      rate: number('rate'),
      share: number('share'),
      steps: number('steps'),
      stepMs: time(values['step-ms']),
      killEachMs: time(values['kill-every']),
      leaseMs: time(values.lease),
    }),
  }
}

function readNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (!(number > 0)) throw new Error(`--${name} ${text}: a number above 0 is needed`)
  return number
}

function withoutMissing(overrides: { [K in keyof CaseOverrides]-?: CaseOverrides[K] | undefined }): CaseOverrides {
  return Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined))
}
