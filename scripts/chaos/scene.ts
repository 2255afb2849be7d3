import type { ChaosCase } from './case/chaos-case.ts'
import { type CrewMember, isMeant } from './crew.ts'
import type { Events } from './events.ts'
import type { Ledger } from './ledger/open-ledger.ts'
import type { Load } from './load.ts'
import type { Stage } from './stage.ts'

/** A case under way. */
export interface Scene {
  case: ChaosCase
  stage: Stage
  crew: readonly CrewMember[]
  ledger: Ledger | null
  load: Load
  events: Events
  /** Those that join when all is answered take part. */
  joined: Promise<void>
}

/** What can be killed and started, a member or a broker. */
export interface Target {
  readonly name: string
  /** Null for a broker. */
  readonly member: CrewMember | null
  isRunning(): boolean
  start(): Promise<void>
  kill(): Promise<void>
  /** SIGTERM; the exit code. */
  terminate(): Promise<number | null>
  freeze(): Promise<void>
  thaw(): Promise<void>
}

/** Whom a fault means. */
export function targetsOf({ crew, stage }: Scene, to: readonly string[]): Target[] {
  const members = crew.filter((member) => isMeant(to, member)).map(toTarget)
  const brokers = stage.nodes.map((node, n): Target => {
    return {
      name: `broker-${n + 1}`,
      member: null,
      isRunning: node.isRunning,
      start: node.restart,
      kill: node.kill,
      async terminate() {
        await node.shutDown()
        return 0
      },
      freeze: node.pause,
      thaw: node.resume,
    }
  })
  return [...members, ...brokers.filter(({ name }) => to.some((one) => one === 'brokers' || one === name))]
}

function toTarget(member: CrewMember): Target {
  const { process } = member
  return {
    name: member.name,
    member,
    isRunning: process.isRunning,
    start: async () => process.start(),
    kill: process.kill,
    terminate: process.stop,
    freeze: process.freeze,
    thaw: async () => process.thaw(),
  }
}
