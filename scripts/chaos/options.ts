import { parseArgs } from 'node:util'
import { parseDuration } from '@kafclaw/runtime'

/** In CI nothing may be left out. */
export const isCi = process.env.CI === 'true'

export interface FaultOptions {
  json: boolean
  tasks: number
  /** Tasks a second. */
  rate: number
  steps: number
  stepMs: number
  killEveryMs: number
  leaseMs: number
}

type Text = Record<'tasks' | 'rate' | 'steps' | 'step-ms' | 'kill-every' | 'lease', string>

const DEFAULTS: Text = { tasks: '2000', rate: '50', steps: '3', 'step-ms': '10', 'kill-every': '1s', lease: '2s' }

/** Options of a fault; `defaults` are its own. Numbers of milliseconds may be written as durations, and the other way round. */
export function readOptions(args: readonly string[], defaults: Partial<Text>): FaultOptions {
  const text = (name: keyof Text) => ({ type: 'string' as const, default: { ...DEFAULTS, ...defaults }[name] })
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      tasks: text('tasks'),
      rate: text('rate'),
      steps: text('steps'),
      'step-ms': text('step-ms'),
      'kill-every': text('kill-every'),
      lease: text('lease'),
    },
  })
  return {
    json: values.json,
    tasks: readCount('tasks', values.tasks),
    rate: readCount('rate', values.rate),
    steps: readCount('steps', values.steps),
    stepMs: toMs(values['step-ms']),
    killEveryMs: toMs(values['kill-every']),
    leaseMs: toMs(values.lease),
  }
}

function readCount(name: string, text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new Error(`--${name} ${text}: a whole number above 0 is needed`)
  return count
}

function toMs(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : parseDuration(text)
}
