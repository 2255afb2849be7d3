import { describe, expect, it } from 'vitest'
import {
  type AskedRequest,
  type Claim,
  type Claimant,
  createAbsenceChain,
  decideClaim,
  LEASE_MARGIN_MS,
  mayAct,
  newTask,
  rankOf,
  type TaskState,
} from '../src/index.ts'

const request: AskedRequest = {
  place: 'group.acme.requests/0/0',
  recordId: 'request-1',
  expiresAtMs: 10_000,
  recipientId: null,
  skill: 'chat',
  senderId: 'someone',
  parentTaskId: null,
}
const claim: Claim = {
  attempt: 1,
  runId: 'run-1',
  agentId: 'agent-b',
  boot: 3,
  recordId: 'claim-1',
  offset: 0,
  request: request.place,
  journalFrom: 0,
  hasProgressed: false,
  fruitless: 0,
}
const open: TaskState = { ...newTask('task_1'), requests: [request] }
const held: TaskState = { ...open, claim, bound: request.place }

function agent(overrides: Partial<Claimant> = {}): Claimant {
  return {
    agentId: 'agent-a',
    boot: 7,
    skills: new Set(['chat']),
    candidates: () => [{ agentId: 'agent-a', free: 1 }],
    isAbsent: () => false,
    isRunning: () => false,
    clockMs: 0,
    ...overrides,
  }
}

describe('who may claim', () => {
  it('claims an open task of its skill', () => {
    expect(decideClaim(open, agent())).toMatchObject({ kind: 'claim', attempt: 1, waitMs: 0 })
  })

  it('never claims without the skill, for another recipient, after the outcome or past the deadline', () => {
    const forOther = { ...open, requests: [{ ...request, recipientId: 'agent-b' }] }
    const outcome = { status: 'completed' as const, recordId: 'r', senderId: 's', runId: null, offset: 0 }
    expect(decideClaim(open, agent({ skills: new Set(['invoice']) }))).toEqual({ kind: 'never', why: 'skill' })
    expect(decideClaim(forOther, agent())).toEqual({ kind: 'never', why: 'recipient' })
    expect(decideClaim({ ...open, outcome }, agent())).toEqual({ kind: 'never', why: 'ended' })
    expect(decideClaim(open, agent({ clockMs: 10_001 }))).toEqual({ kind: 'never', why: 'expired' })
    expect(decideClaim(open, agent({ clockMs: 10_000 })).kind).toBe('claim')
  })

  it('claims nothing whose request it has not read', () => {
    expect(decideClaim({ ...held, bound: 'group.acme.requests/0/9', released: 'error' }, agent())).toEqual({
      kind: 'held',
    })
  })

  it('leaves the task of a live holder alone, and takes that of an absent one with the next attempt', () => {
    expect(decideClaim(held, agent())).toEqual({ kind: 'held' })
    expect(decideClaim(held, agent({ isAbsent: ({ boot }) => boot === 3 }))).toMatchObject({
      kind: 'claim',
      attempt: 2,
      fruitless: 1,
    })
  })

  it('takes up at once what an earlier boot of its own held, and that counts against nobody', () => {
    const mine = { ...held, claim: { ...claim, agentId: 'agent-a', boot: 6 } }
    const crowd = agent({
      candidates: () => [
        { agentId: 'agent-0', free: 1 },
        { agentId: 'agent-a', free: 1 },
      ],
    })
    expect(decideClaim(mine, crowd)).toMatchObject({ kind: 'claim', attempt: 2, waitMs: 0, fruitless: 0 })
  })

  it('leaves alone what a later boot of its own claims, though its beat has not been read yet', () => {
    const newer = { ...held, claim: { ...claim, agentId: 'agent-a', boot: 8 } }
    expect(decideClaim(newer, agent())).toEqual({ kind: 'held' })
    expect(decideClaim(newer, agent({ isAbsent: ({ boot }) => boot === 8 }))).toMatchObject({
      kind: 'claim',
      attempt: 2,
    })
  })

  it('runs an unbound task for the first request that it may run, not for the first that it happened to read', () => {
    const mine = { ...request, place: 'group.acme.skill.chat.requests/0/0' }
    const forOther = { ...request, recipientId: 'agent-b' }
    const late = { ...request, expiresAtMs: 100 }
    const asked = { ...open, requests: [forOther, late, mine] }
    expect(decideClaim(asked, agent({ clockMs: 101 }))).toMatchObject({ kind: 'claim', request: mine })
    expect(decideClaim({ ...asked, bound: late.place }, agent({ clockMs: 10_001 }))).toMatchObject({ kind: 'never' })
    expect(decideClaim({ ...open, requests: [late, forOther] }, agent({ clockMs: 101 }))).toEqual({
      kind: 'never',
      why: 'recipient',
    })
  })

  it('does not claim again what this boot works on', () => {
    const mine = { ...held, claim: { ...claim, agentId: 'agent-a', boot: 7 } }
    expect(decideClaim(mine, agent({ isRunning: () => true }))).toEqual({ kind: 'held' })
    expect(decideClaim(mine, agent())).toMatchObject({ kind: 'claim', attempt: 2 })
  })

  it('gives up after three attempts in a row without a new step', () => {
    const tired = { ...held, claim: { ...claim, fruitless: 2 } }
    expect(decideClaim({ ...tired, released: 'error' }, agent())).toEqual({ kind: 'exhausted' })
    expect(decideClaim({ ...tired, released: 'shutdown' }, agent())).toMatchObject({ kind: 'claim', fruitless: 2 })
  })

  it('waits 150 ms for each rank before its own', () => {
    const crowd = Array.from({ length: 5 }, (_, index) => ({ agentId: `agent-${index}`, free: 1 }))
    const waits = crowd.map(({ agentId }) => decideClaim(open, agent({ agentId, candidates: () => crowd })))
    const sorted = waits.map((decision) => (decision.kind === 'claim' ? decision.waitMs : -1)).sort((a, b) => a - b)
    expect(sorted).toEqual([0, 150, 300, 450, 600])
  })
})

describe('ranks', () => {
  it('puts agents with free slots before those without', () => {
    const crowd = [
      { agentId: 'a', free: 0 },
      { agentId: 'b', free: 0 },
      { agentId: 'c', free: 2 },
    ]
    expect(rankOf({ taskId: 't', attempt: 1 }, 'c', crowd)).toBe(0)
  })

  it('deals tasks out evenly', () => {
    const crowd = Array.from({ length: 4 }, (_, index) => ({ agentId: `agent-${index}`, free: 1 }))
    const first = new Map<string, number>()
    for (let task = 0; task < 2000; task++) {
      for (const { agentId } of crowd) {
        if (rankOf({ taskId: `task-${task}`, attempt: 1 }, agentId, crowd) === 0)
          first.set(agentId, (first.get(agentId) ?? 0) + 1)
      }
    }
    for (const { agentId } of crowd) expect(first.get(agentId)).toBeGreaterThan(400)
  })
})

describe('absence', () => {
  const leaseMs = 2000
  const other = { agentId: 'agent-b', boot: 1 }

  /** A chain whose clock stands where its owner has read last. */
  function createChain(ofLeaseMs = leaseMs) {
    let nowMs = 0
    const chain = createAbsenceChain(ofLeaseMs, () => nowMs)
    chain.heard(other)
    return {
      ...chain,
      ownBeat(sentMs: number, readMs = sentMs) {
        nowMs = readMs
        chain.ownBeat({ sentMs, readMs })
      },
      beats(fromMs: number, toMs: number) {
        for (let ms = fromMs; ms <= toMs; ms += 500) this.ownBeat(ms)
      },
      isAbsentAt(ms: number) {
        nowMs = ms
        return chain.isAbsent(other)
      },
      isAbsent: () => chain.isAbsent(other),
    }
  }

  it('stands when own beats span lease and margin without one of the other', () => {
    const chain = createChain()
    chain.beats(0, leaseMs + LEASE_MARGIN_MS)
    expect(chain.isAbsent()).toBe(false)
    chain.ownBeat(leaseMs + LEASE_MARGIN_MS + 1)
    expect(chain.isAbsent()).toBe(true)
  })

  it('begins anew after a gap between own beats longer than half a lease: whoever slept takes nothing over', () => {
    const chain = createChain()
    chain.beats(0, 2000)
    chain.ownBeat(9000)
    expect(chain.isAbsent()).toBe(false)
    chain.beats(9500, 9000 + leaseMs + LEASE_MARGIN_MS + 500)
    expect(chain.isAbsent()).toBe(true)
  })

  it('stands no longer when the last own beat is old: the other may have come back since', () => {
    const chain = createChain()
    chain.beats(0, 3000)
    expect(chain.isAbsentAt(3000 + leaseMs * 0.75)).toBe(true)
    expect(chain.isAbsentAt(3001 + leaseMs * 0.75)).toBe(false)
  })

  it('is not proven by own beats that were held up and came all at once', () => {
    const chain = createChain(12_000)
    for (let sentMs = 0; sentMs <= 24_000; sentMs += 3000) chain.ownBeat(sentMs, 24_100)
    expect(chain.isAbsent()).toBe(false)
  })

  it('is not proven by a standstill of the broker between two own beats', () => {
    const chain = createChain(12_000)
    chain.ownBeat(0, 50)
    // Three more were sent into the standstill; it ends before anything of the other can have come through.
    for (const sentMs of [3000, 8000, 13_000]) chain.ownBeat(sentMs, 13_100)
    expect(chain.isAbsent()).toBe(false)
  })

  it('counts from the reading of the first own beat to the sending of the last', () => {
    const chain = createChain()
    chain.ownBeat(0, 400)
    for (const sentMs of [500, 1000, 1500, 2000, 2500, 2900]) chain.ownBeat(sentMs, sentMs + 400)
    expect(chain.isAbsent()).toBe(false)
    chain.ownBeat(2901, 3300)
    expect(chain.isAbsent()).toBe(true)
  })

  it('ends with a beat of the other, and gives a newer boot of it the same time', () => {
    const chain = createChain()
    chain.beats(0, 3000)
    expect(chain.isAbsent()).toBe(true)
    chain.heard({ agentId: 'agent-b', boot: 2 })
    chain.beats(3500, 3500)
    expect(chain.isAbsent()).toBe(false)
    chain.beats(4000, 6500)
    expect(chain.isAbsent()).toBe(true)
  })
})

it('lets a holder act only while its last acknowledged beat was sent within lease - margin', () => {
  expect(mayAct(null, 0, 2000)).toBe(false)
  expect(mayAct(0, 1500, 2000)).toBe(true)
  expect(mayAct(0, 1501, 2000)).toBe(false)
})
