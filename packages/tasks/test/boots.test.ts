import { type AnnounceEnvelope, createEnvelope } from '@kafclaw/envelope'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Boot, createBoot } from '../src/index.ts'

/** A process of the one agent, with how far it has read `announce`. */
interface Process {
  boot: Boot
  next: number
  isReplaced: boolean
}

function beatOf(boot: Boot): AnnounceEnvelope {
  return createEnvelope(
    {
      type: 'announce',
      group: 'acme',
      zone: 'public',
      sender_id: 'agent-a',
      payload: { agent_id: 'agent-a', boot_id: boot.id, boot: boot.number() },
    },
    { id: '0198f3c2-0000-7000-8000-000000000000', nowMs: 0 },
  )
}

/** Several processes with one agent id; beats may travel for as long as they like before they are appended. */
function createTwins(count: number) {
  const log: AnnounceEnvelope[] = []
  const flying: AnnounceEnvelope[] = []
  const owners = new Map<number, Set<string>>()
  const processes = Array.from({ length: count }, (_, index): Process => {
    return { boot: createBoot(`boot-${index}`), next: 0, isReplaced: false }
  })

  function read(process: Process): void {
    const envelope = log[process.next]
    if (!envelope || process.isReplaced) return
    process.next++
    const { boot } = process
    const reading = boot.read(envelope)
    if (reading.kind === 'replaced') process.isReplaced = true
    if (reading.kind === 'taken') flying.push(beatOf(boot))
    if (reading.kind === 'own') owners.set(boot.number(), (owners.get(boot.number()) ?? new Set()).add(boot.id))
  }

  function beat({ boot, next, isReplaced }: Process): void {
    if (isReplaced) return
    if (boot.number() === 0 && next === log.length) boot.choose()
    if (boot.number() > 0) flying.push(beatOf(boot))
  }

  function append(index: number): void {
    const [envelope] = flying.splice(index % Math.max(1, flying.length), 1)
    if (envelope) log.push(envelope)
  }

  return { log, flying, owners, processes, read, beat, append }
}

it('leaves one process of several with one agent id, however their beats cross each other', () => {
  const act = fc.record({ kind: fc.constantFrom('read', 'read', 'beat', 'append'), who: fc.nat(3), at: fc.nat(9) })
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 4 }), fc.array(act, { maxLength: 60 }), (count, acts) => {
      const twins = createTwins(count)
      const { processes } = twins
      for (const { kind, who, at } of acts) {
        const process = processes[who % count]
        if (kind === 'append') twins.append(at)
        else if (process && kind === 'read') twins.read(process)
        else if (process) twins.beat(process)
      }
      // Then they live on for a while, and everything arrives and is read.
      for (let round = 0; round < 4 * count; round++) {
        for (const process of processes) {
          while (!process.isReplaced && process.next < twins.log.length) twins.read(process)
          twins.beat(process)
          while (twins.flying.length > 0) twins.append(0)
        }
      }
      const left = processes.filter(({ isReplaced }) => !isReplaced)
      expect(left).toHaveLength(1)
      expect(left[0]?.boot.number()).toBe(Math.max(...twins.log.map(({ payload }) => payload.boot)))
      for (const ids of twins.owners.values()) expect(ids.size).toBe(1)
    }),
    { numRuns: 500 },
  )
})
