import {
  type AbsenceChain,
  type BootName,
  createAbsenceChain,
  createBoot,
  createRoster,
  decideClaim,
  foldRequest,
  foldResponse,
  foldStatus,
  isHome,
  LEASE_MARGIN_MS,
  mayAct,
} from '../../src/index.ts'
import type { Breach } from './judge.ts'

/** The rules that a schedule is run by: those of the package itself, and what the runtime promises to add to them. */
export interface Rules {
  foldRequest: typeof foldRequest
  foldStatus: typeof foldStatus
  foldResponse: typeof foldResponse
  isHome: typeof isHome
  decideClaim: typeof decideClaim
  createAbsenceChain(leaseMs: number, nowMs: () => number): AbsenceChain
  createRoster: typeof createRoster
  createBoot: typeof createBoot
  mayAct: typeof mayAct
  /** A run acts and answers only when its claim has been read back as the one that holds. */
  isConfirmedBeforeActing: boolean
  /** Nothing is claimed before the reader is past the end that the topics had at the start. */
  isCaughtUpBeforeClaiming: boolean
  /** A task is marked as finished in the transaction that stores its answer. */
  isFinishedWithOutbox: boolean
  /** Positions are stored in the transaction that stores what was read. */
  areOffsetsInTransaction: boolean
}

export const RULES: Rules = {
  foldRequest,
  foldStatus,
  foldResponse,
  isHome,
  decideClaim,
  createAbsenceChain,
  createRoster,
  createBoot,
  mayAct,
  isConfirmedBeforeActing: true,
  isCaughtUpBeforeClaiming: true,
  isFinishedWithOutbox: true,
  areOffsetsInTransaction: true,
}

/** A rule switched off by wrapping what obeys it, and the promise that is broken then. */
interface SwitchedOff {
  rules: Partial<Rules>
  breaks: Breach
}

export const OFF = {
  confirmation: { rules: { isConfirmedBeforeActing: false }, breaks: 'acted without holding the claim' },
  'first claim': {
    rules: {
      foldStatus(task, envelope, offset) {
        const { payload } = envelope
        const { claim } = task
        if (payload.status !== 'claimed' || claim === null || claim.attempt !== payload.attempt)
          return foldStatus(task, envelope, offset)
        return foldStatus({ ...task, claim: { ...claim, attempt: claim.attempt - 1 } }, envelope, offset)
      },
    },
    breaks: 'two holders confirmed for one attempt',
  },
  'first outcome': {
    rules: {
      foldResponse: (task, envelope, offset) => foldResponse({ ...task, outcome: null }, envelope, offset),
    },
    breaks: 'readers disagree',
  },
  'bound request': {
    rules: { decideClaim: (task, me) => decideClaim({ ...task, bound: null }, me) },
    breaks: 'worked on another request than the bound one',
  },
  'home partition': { rules: { isHome: () => true }, breaks: 'readers disagree' },
  'offsets in the transaction': { rules: { areOffsetsInTransaction: false }, breaks: 'readers disagree' },
  'absence between own beats': {
    rules: { createAbsenceChain: createSilenceByTheClock },
    breaks: 'took over from a live holder',
  },
  'beats that came all at once': {
    rules: {
      createAbsenceChain(leaseMs) {
        const chain = createAbsenceChain(leaseMs)
        return { ...chain, ownBeat: ({ sentMs }) => chain.ownBeat({ sentMs, readMs: sentMs }) }
      },
    },
    breaks: 'took over from a live holder',
  },
  'claims of later boots': {
    rules: {
      decideClaim(task, me) {
        const { claim } = task
        if (claim === null || claim.agentId !== me.agentId) return decideClaim(task, me)
        return decideClaim({ ...task, claim: { ...claim, boot: Math.min(claim.boot, me.boot) } }, me)
      },
    },
    breaks: 'took over from a live holder',
  },
  'first request that fits': {
    rules: {
      decideClaim: (task, me) =>
        decideClaim(task.bound === null ? { ...task, requests: task.requests.slice(0, 1) } : task, me),
    },
    breaks: 'no outcome',
  },
  'boot number': {
    rules: {
      createBoot: (id) => ({
        ...createBoot(id),
        number: () => 1,
        read: ({ payload }) => ({ kind: payload.boot_id === id ? 'own' : 'older' }),
      }),
    },
    breaks: 'took over from a live holder',
  },
  life: {
    rules: { decideClaim: (task, me) => decideClaim(task, { ...me, clockMs: 0 }) },
    breaks: 'ran past the deadline',
  },
  'lease of the holder': { rules: { mayAct: () => true }, breaks: 'acted after its lease had gone to another' },
  'catching up': {
    rules: { isCaughtUpBeforeClaiming: false },
    breaks: 'claimed a task that had ended before it started',
  },
  'finished with outbox': { rules: { isFinishedWithOutbox: false }, breaks: 'claimed again what it has finished' },
} as const satisfies Record<string, SwitchedOff>

export type RuleName = keyof typeof OFF

export function isRuleName(name: string): name is RuleName {
  return name in OFF
}

export function withoutRule(name: RuleName): Rules {
  return { ...RULES, ...OFF[name].rules }
}

/** Absence as one would write it first: whoever was not heard of for so long by our own clock is gone. */
function createSilenceByTheClock(leaseMs: number, nowMs: () => number): AbsenceChain {
  const heardMs = new Map<string, number>()
  const nameOf = (other: BootName): string => `${other.agentId}/${other.boot}`
  const startMs = nowMs()
  return {
    heard: (other) => void heardMs.set(nameOf(other), nowMs()),
    ownBeat: () => undefined,
    isAbsent: (other) => nowMs() - (heardMs.get(nameOf(other)) ?? startMs) > leaseMs + LEASE_MARGIN_MS,
  }
}
