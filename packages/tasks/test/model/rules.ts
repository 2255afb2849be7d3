import {
  type AbsenceChain,
  type BootName,
  createAbsenceChain,
  createBoot,
  createJournal,
  createRoster,
  decideClaim,
  foldApproval,
  foldRequest,
  foldResponse,
  foldStatus,
  isHome,
  type Journal,
  type JournalRecord,
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
  createJournal: typeof createJournal
  foldApproval: typeof foldApproval
  /** A run of a later attempt writes `started`, and a run whose record does not count stops. */
  isFenced: boolean
  /** Whoever finds in the journal that another run writes it stops before it takes anything more from there. */
  isFenceLookedAt: boolean
  /** The intent of an effect that must not happen twice is read back before the call. */
  isIntentReadBack: boolean
  /** So is that of a question to another agent. */
  isQuestionReadBack: boolean
  /** An effect in doubt is settled before it is tried again. */
  isDoubtSettled: boolean
  /** What settles it says "never" only when the target refuses that call from now on. */
  isVoidedBySettling: boolean
  /** What a settlement has found is read back: the first run may have written its own result meanwhile. */
  isSettlementReadBack: boolean
  /** A call that took longer than it may is in doubt. */
  isLateCallInDoubt: boolean
  /** The journal is read from where the first claim says that it begins. */
  isJournalReadFromItsBegin: boolean
  /** After what a disk has kept of the journal the log is read from where it was sent last: the disk may be an older copy. */
  isCopyReadOn: boolean
  /** The id of a child task follows from the step that asks. */
  isChildDerived: boolean
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
  createJournal,
  foldApproval,
  isFenced: true,
  isFenceLookedAt: true,
  isIntentReadBack: true,
  isQuestionReadBack: true,
  isDoubtSettled: true,
  isVoidedBySettling: true,
  isSettlementReadBack: true,
  isLateCallInDoubt: true,
  isJournalReadFromItsBegin: true,
  isCopyReadOn: true,
  isChildDerived: true,
}

/** A rule switched off by wrapping what obeys it, and the promise that is broken then. */
interface SwitchedOff {
  rules: Partial<Rules>
  breaks: Breach
  /** Where it takes long: the first seed that finds it, as far as is known. From there on it is looked for. */
  seed?: number
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
      createAbsenceChain(leaseMs, nowMs) {
        const chain = createAbsenceChain(leaseMs, nowMs)
        return { ...chain, ownBeat: ({ sentMs }) => chain.ownBeat({ sentMs, readMs: sentMs }) }
      },
    },
    breaks: 'took over from a live holder',
  },
  'chain that goes on': {
    rules: { createAbsenceChain: (leaseMs) => createAbsenceChain(leaseMs, () => 0) },
    breaks: 'took over from a live holder',
    seed: 12_110,
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
  'fence on traces': {
    rules: { isFenced: false, isFenceLookedAt: false, createJournal: createUnfencedJournal },
    breaks: 'mixed plans',
  },
  'reading the intent back': { rules: { isIntentReadBack: false }, breaks: 'an effect happened twice' },
  settle: { rules: { isDoubtSettled: false }, breaks: 'an effect happened twice' },
  'settled for good': { rules: { isVoidedBySettling: false }, breaks: 'an effect happened twice' },
  'settlement read back': { rules: { isSettlementReadBack: false }, breaks: 'mixed plans', seed: 1569 },
  'in doubt after a timeout': { rules: { isLateCallInDoubt: false }, breaks: 'an effect happened twice' },
  journal_from: { rules: { isJournalReadFromItsBegin: false }, breaks: 'an effect happened twice' },
  'copy read on': { rules: { isCopyReadOn: false }, breaks: 'an effect happened twice', seed: 12_042 },
  'fence looked at': { rules: { isFenceLookedAt: false }, breaks: 'mixed plans', seed: 7000 },
  'derived id of a child': { rules: { isChildDerived: false }, breaks: 'two children were asked' },
  'question read back': { rules: { isQuestionReadBack: false }, breaks: 'two children were asked' },
  'first decision': {
    rules: {
      foldApproval: (state, envelope) =>
        foldApproval(envelope.payload.status === 'asked' ? state : { ...state, decision: null }, envelope),
    },
    breaks: 'readers disagree about a decision',
  },
} as const satisfies Record<string, SwitchedOff>

export type RuleName = keyof typeof OFF

export function switchedOff(name: RuleName): SwitchedOff {
  return OFF[name]
}

export function isRuleName(name: string): name is RuleName {
  return name in OFF
}

export function withoutRule(name: RuleName): Rules {
  return { ...RULES, ...OFF[name].rules }
}

/** A journal in which every record counts, whoever writes it. */
function createUnfencedJournal<R extends JournalRecord>(): Journal<R> {
  const journal = createJournal<R>()
  return { ...journal, add: (record) => journal.add({ ...record, attempt: 1, runId: 'any' }) }
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
