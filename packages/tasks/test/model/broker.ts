import type { RecordPlace } from '@kafclaw/envelope'
import type { Random } from './random.ts'
import { type Lane, type ModelEnvelope, PARTITION_OF } from './records.ts'

/** A record on the log. */
export interface Appended extends RecordPlace {
  lane: Lane
  envelope: ModelEnvelope
  appendedMs: number
}

export interface Outgoing {
  lane: Lane
  envelope: ModelEnvelope
}

/** A batch on its way. It may arrive long after its sender has given it up, or died. */
interface Flight {
  records: readonly Outgoing[]
  acknowledged(): void
}

/** What one client sends arrives in order; several clients have no order. */
export interface Connection {
  flights: Flight[]
  /** Nothing arrives before this moment. */
  stalledUntilMs: number
}

export interface Broker {
  readonly logs: Readonly<Record<Lane, Appended[]>>
  connect(): Connection
  /** One batch of some client arrives. `isLost`: its sender never hears of it. */
  arrive(nowMs: number, isLost: () => boolean): void
  inFlight(): number
  append(record: Outgoing, nowMs: number): Appended
  /** Every way is open again, for what the dead have sent too. */
  clearWays(): void
  /** In that time nobody can read, and nothing arrives. */
  freeze(fromMs: number, toMs: number): void
  isFrozen(nowMs: number): boolean
  /** Milliseconds between the two moments in which the broker stood still. */
  frozenBetween(fromMs: number, toMs: number): number
  /** The client is gone or cut off: what it has sent may get through or not. */
  disconnect(connection: Connection): void
}

export function createBroker(random: Random, onAppend: (record: Appended) => void): Broker {
  const logs: Record<Lane, Appended[]> = {
    announce: [],
    requests: [],
    skill: [],
    status: [],
    statusAway: [],
    responses: [],
    responsesAway: [],
    traces: [],
    approvals: [],
  }
  const connections = new Set<Connection>()
  const freezes: Array<{ fromMs: number; toMs: number }> = []
  let frozenUntilMs = 0

  function append({ lane, envelope }: Outgoing, nowMs: number): Appended {
    const log = logs[lane]
    const record = { ...PARTITION_OF[lane], offset: log.length, lane, envelope, appendedMs: nowMs }
    log.push(record)
    onAppend(record)
    return record
  }

  return {
    logs,
    append,
    connect() {
      const connection: Connection = { flights: [], stalledUntilMs: 0 }
      connections.add(connection)
      return connection
    },
    arrive(nowMs, isLost) {
      if (nowMs < frozenUntilMs) return
      const ready = [...connections].filter(
        ({ flights, stalledUntilMs }) => flights.length > 0 && stalledUntilMs <= nowMs,
      )
      const flight = random.oneOf(ready)?.flights.shift()
      if (!flight) return
      for (const record of flight.records) append(record, nowMs)
      if (!isLost()) flight.acknowledged()
    },
    inFlight: () => [...connections].reduce((sum, { flights }) => sum + flights.length, 0),
    clearWays() {
      for (const connection of connections) connection.stalledUntilMs = 0
    },
    freeze(fromMs, toMs) {
      if (fromMs < frozenUntilMs) return
      freezes.push({ fromMs, toMs })
      frozenUntilMs = toMs
    },
    isFrozen: (nowMs) => nowMs < frozenUntilMs,
    frozenBetween(fromMs, toMs) {
      return freezes.reduce((sum, freeze) => {
        return sum + Math.max(0, Math.min(toMs, freeze.toMs) - Math.max(fromMs, freeze.fromMs))
      }, 0)
    },
    disconnect(connection) {
      connection.flights = connection.flights.filter(() => random.flip(0.5))
      for (const flight of connection.flights) flight.acknowledged = () => undefined
    },
  }
}
