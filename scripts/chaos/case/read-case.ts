import { parseTime } from './amounts.ts'
import {
  type ChaosCase,
  type Fault,
  type Group,
  HIT_BY,
  type Limit,
  type LoadPlan,
  type OnceTool,
  ROLES,
  type When,
  type Work,
} from './chaos-case.ts'
import { type Fields, readFields } from './fields.ts'
import { withInvariants } from './invariants.ts'

/** What the command line says instead of the file. */
export interface CaseOverrides {
  tasks?: number
  rate?: number
  /** Tasks and rate by that factor: a smaller load of the same length. */
  share?: number
  steps?: number
  stepMs?: number
  killEachMs?: number
  leaseMs?: number
}

/** Reads a case file; everything that it does not say has a default. Throws with the place of what cannot be read. */
export function readCase(name: string, text: string, overrides: CaseOverrides = {}): ChaosCase {
  const fields = readFields(JSON.parse(text), name)
  const leaseMs = overrides.leaseMs ?? parseTime(fields.textOr('lease', '2s'), 0)
  const time = (owner: Fields, field: string, missing: string): number =>
    parseTime(owner.textOr(field, missing), leaseMs)
  const planned = fields.objectOr('load', (load) => readLoad(load, time), NO_LOAD)
  const load = overrideLoad(planned, overrides)
  const smaller = Math.min(1, load.tasks / planned.tasks)
  const read: ChaosCase = {
    name,
    about: fields.text('about'),
    leaseMs,
    brokers: fields.objectOr('brokers', readBrokers, { count: 1, diskMib: null }),
    crew: fields.list('crew', (group) => readGroup(group, time)),
    work: overrideWork(
      fields.objectOr('work', (work) => readWork(work, time), NO_WORK),
      overrides,
    ),
    load,
    faults: fields.list('faults', (fault) => readFault(fault, time)).map((fault) => overrideFault(fault, overrides)),
    hit: fields.objectOr('hit', readHit, { by: 'open', of: [], least: 1 }),
    reach: withInvariants(fields.objectOr('reach', (reach) => readLimits(reach, { leaseMs, smaller }), [])),
  }
  fields.end()
  return { ...read, hit: { ...read.hit, least: Math.max(1, Math.ceil(read.hit.least * smaller)) } }
}

type ReadTime = (owner: Fields, field: string, missing: string) => number

const NO_LOAD: LoadPlan = { tasks: 1, rate: 1, goodForABad: 0, memories: 0, expiresMs: null }
const NO_WORK: Work = { steps: 1, stepMs: 0, once: null }

function readBrokers(fields: Fields): ChaosCase['brokers'] {
  return { count: fields.numberOr('count', 1), diskMib: fields.numberOr('disk_mib', null) }
}

function readGroup(fields: Fields, time: ReadTime): Group {
  const role = fields.oneOf('role', ROLES)
  const starts = fields.textOr('starts', '0')
  return {
    role,
    name: fields.textOr('name', role),
    count: fields.numberOr('count', 1),
    concurrency: fields.numberOr('concurrency', 32),
    stepMs: readOptionalTime(fields, 'step', time),
    hasLine: fields.flag('line'),
    disk: fields.objectOr('disk', readDisk, null),
    clock: fields.textOr('clock', null),
    starts: starts === 'answered' ? 'answered' : { afterMs: parseTime(starts, 0) },
  }
}

function readOptionalTime(fields: Fields, name: string, time: ReadTime): number | null {
  const timeMs = time(fields, name, '0')
  return timeMs === 0 ? null : timeMs
}

function readDisk(fields: Fields): NonNullable<Group['disk']> {
  const kind = fields.oneOf('kind', ['tmpfs', 'pages'])
  return kind === 'pages' ? { kind } : { kind, mib: fields.numberOr('mib', 8) }
}

function readWork(fields: Fields, time: ReadTime): Work {
  return {
    steps: fields.numberOr('steps', 1),
    stepMs: time(fields, 'step', '0'),
    once: fields.objectOr('once', (once) => readOnce(once, time), null),
  }
}

function readOnce(fields: Fields, time: ReadTime): OnceTool {
  return {
    at: fields.numberOr('at', 0),
    callMs: time(fields, 'call', '20ms'),
    longestCallMs: time(fields, 'longest_call', '500ms'),
    settles: fields.oneOf('settles_by', ['tool', 'person'], 'tool') === 'tool',
  }
}

function readLoad(fields: Fields, time: ReadTime): LoadPlan {
  return {
    tasks: fields.numberOr('tasks', 1000),
    rate: fields.numberOr('rate', 50),
    goodForABad: fields.numberOr('good_for_a_bad', 0),
    memories: fields.numberOr('memories', 0),
    expiresMs: readOptionalTime(fields, 'expires', time),
  }
}

function readFault(fields: Fields, time: ReadTime): Fault {
  const what = fields.oneOf('do', [
    'kill',
    'terminate',
    'freeze',
    'freeze_in_call',
    'line',
    'wipe_disk',
    'fill_disk',
    'twin',
    'ask_again',
    'decide',
  ])
  const common = {
    to: readNames(fields, 'to', 'services'),
    when: readWhen(fields, time),
    pick: fields.oneOf('pick', ['all', 'random', 'in_turn'], 'all'),
  }
  const again = (): number | null => (fields.flag('for_good') ? null : time(fields, 'again_after', '200ms'))
  switch (what) {
    case 'kill':
    case 'terminate':
      return { ...common, do: what, againAfterMs: again() }
    case 'freeze':
    case 'fill_disk':
      return { ...common, do: what, forMs: time(fields, 'for', '3 leases') }
    case 'freeze_in_call':
      return { ...common, do: what, calls: fields.numberOr('calls', 10), forMs: time(fields, 'for', '3 leases') }
    case 'line':
      return { ...common, do: what, traffic: readTraffic(fields, time), forMs: time(fields, 'for', '0') }
    case 'wipe_disk':
      return { ...common, do: what, againAfterMs: time(fields, 'again_after', '0') }
    case 'twin':
    case 'ask_again':
    case 'decide':
      return { ...common, do: what }
  }
}

/** `one, other`. */
function readNames(fields: Fields, name: string, missing: string): string[] {
  return fields.textOr(name, missing).split(/\s*,\s*/)
}

function readWhen(fields: Fields, time: ReadTime): When {
  const at = fields.textOr('at', null)
  if (at === 'answered') return 'answered'
  if (at !== null) return { atMs: parseTime(at, 0) }
  const eachMs = time(fields, 'each', '0')
  const fromMs = time(fields, 'from', `${eachMs}ms`)
  return eachMs === 0 ? { atMs: fromMs } : { fromMs, eachMs }
}

function readTraffic(fields: Fields, time: ReadTime): Extract<Fault, { do: 'line' }>['traffic'] {
  const kind = fields.oneOf('line', ['slow', 'half_open', 'blackhole', 'reset'])
  if (kind !== 'slow') return { kind }
  return { kind, latencyMs: time(fields, 'latency', '0'), bytesPerS: fields.numberOr('bytes_per_s', null) }
}

function readHit(fields: Fields): ChaosCase['hit'] {
  return { by: fields.oneOf('by', HIT_BY), of: readNames(fields, 'of', ''), least: fields.numberOr('least', 1) }
}

/** `"lost": 0`, `"kills": { "least": 35 }` (of a whole run; a smaller one has to reach less), `"max_ms": { "most": "2.5 leases" }`. */
function readLimits(fields: Fields, { leaseMs, smaller }: { leaseMs: number; smaller: number }): Limit[] {
  return fields.rest().map(([figure, value]): Limit => {
    if (typeof value === 'number') return { figure, kind: 'is', amount: value }
    const bound = readFields(value, `reach, ${figure}`)
    const least = bound.numberOr('least', null)
    if (least !== null) return { figure, kind: 'least', amount: Math.max(1, Math.ceil(least * smaller)) }
    const most = bound.textOr('most', null)
    if (most === null) throw new Error(`reach, ${figure}: a number, "least" or "most" is needed`)
    return { figure, kind: 'most', amount: parseTime(most, leaseMs) }
  })
}

function overrideLoad(load: LoadPlan, { tasks, rate, share = 1 }: CaseOverrides): LoadPlan {
  return {
    ...load,
    tasks: tasks ?? Math.max(1, Math.round(load.tasks * share)),
    rate: rate ?? load.rate * share,
    memories: Math.round(load.memories * share),
  }
}

function overrideWork(work: Work, { steps, stepMs }: CaseOverrides): Work {
  return { ...work, steps: steps ?? work.steps, stepMs: stepMs ?? work.stepMs }
}

function overrideFault(fault: Fault, { killEachMs }: CaseOverrides): Fault {
  if (killEachMs === undefined || fault.do !== 'kill' || fault.when === 'answered' || !('eachMs' in fault.when))
    return fault
  return { ...fault, when: { ...fault.when, eachMs: killEachMs } }
}
