import type { Socket } from 'node:net'

/** What a way between clients and brokers does to everything on it. */
export type TrafficFault =
  | { kind: 'none' }
  /** Each byte arrives later, and no more of them a second, in each direction for all connections together. */
  | { kind: 'slow'; latencyMs: number; bytesPerS: number | null }
  /** Connections that are open stay open and carry nothing any more; new ones work. */
  | { kind: 'half_open' }
  /** Nothing arrives and nothing is refused; what was sent arrives when it is over, as TCP has it. */
  | { kind: 'blackhole' }

type Direction = 'up' | 'down'

/** One direction of one connection. */
interface Lane {
  write(bytes: Buffer): void
  /** Closes the far end once everything has arrived there. */
  finish(): void
}

export interface Traffic {
  set(fault: TrafficFault): void
  lane(to: Socket, direction: Direction): Lane
  /** Nothing is sent any more. */
  close(): void
}

interface Load {
  bytes: Buffer
  dueMs: number
}

interface LaneState {
  to: Socket
  loads: Load[]
  isDead: boolean
  isFinished: boolean
}

/** Connections take turns after so many bytes, as on a real line: a large answer holds up nobody else for long. */
const SLICE_BYTES = 2048

/** The traffic of one client. Without a fault bytes pass in the same turn of the event loop. */
export function createTraffic(): Traffic {
  let fault: TrafficFault = { kind: 'none' }
  const lanes: Record<Direction, Set<LaneState>> = { up: new Set(), down: new Set() }
  const timers: Partial<Record<Direction, NodeJS.Timeout>> = {}
  const freeAtMs: Record<Direction, number> = { up: 0, down: 0 }

  function end(lane: LaneState, direction: Direction): void {
    lanes[direction].delete(lane)
    lane.to.destroy()
  }

  /** The next lane with something that is due; it goes to the end of the row. */
  function nextLane(direction: Direction, nowMs: number): LaneState | null {
    for (const lane of lanes[direction]) {
      const first = lane.loads[0]
      if (!first || first.dueMs > nowMs) continue
      lanes[direction].delete(lane)
      lanes[direction].add(lane)
      return lane
    }
    return null
  }

  function sendSlice(lane: LaneState, direction: Direction): number {
    const first = lane.loads[0]
    if (!first) return 0
    const isWhole = fault.kind !== 'slow' || fault.bytesPerS === null || first.bytes.length <= SLICE_BYTES
    const slice = isWhole ? first.bytes : first.bytes.subarray(0, SLICE_BYTES)
    if (isWhole) lane.loads.shift()
    else first.bytes = first.bytes.subarray(SLICE_BYTES)
    if (!lane.to.destroyed) lane.to.write(slice)
    if (lane.isFinished && lane.loads.length === 0) end(lane, direction)
    return slice.length
  }

  function pump(direction: Direction): void {
    clearTimeout(timers[direction])
    if (fault.kind === 'blackhole') return
    const bytesPerS = fault.kind === 'slow' ? fault.bytesPerS : null
    let waitMs = 0
    while (waitMs === 0) {
      const nowMs = performance.now()
      const lane = freeAtMs[direction] > nowMs ? null : nextLane(direction, nowMs)
      if (lane === null) waitMs = untilNext(direction, nowMs)
      else {
        const sentBytes = sendSlice(lane, direction)
        if (bytesPerS !== null)
          freeAtMs[direction] = Math.max(nowMs, freeAtMs[direction]) + (sentBytes / bytesPerS) * 1000
      }
    }
    if (waitMs < Number.POSITIVE_INFINITY) timers[direction] = setTimeout(() => pump(direction), waitMs)
  }

  /** Until the line is free and something is due, at least a millisecond; infinity when nothing waits. */
  function untilNext(direction: Direction, nowMs: number): number {
    const dues = [...lanes[direction]].flatMap(({ loads: [first] }) => (first ? [first.dueMs] : []))
    return Math.max(1, freeAtMs[direction] - nowMs, Math.min(...dues) - nowMs)
  }

  return {
    set(next) {
      fault = next
      for (const direction of ['up', 'down'] as const) {
        if (next.kind === 'half_open') for (const lane of lanes[direction]) lane.isDead = true
        freeAtMs[direction] = 0
        pump(direction)
      }
    },
    lane(to, direction) {
      const lane: LaneState = { to, loads: [], isDead: false, isFinished: false }
      lanes[direction].add(lane)
      return {
        write(bytes) {
          if (lane.isDead) return
          const latencyMs = fault.kind === 'slow' ? fault.latencyMs : 0
          lane.loads.push({ bytes, dueMs: performance.now() + latencyMs })
          pump(direction)
        },
        finish() {
          lane.isFinished = true
          if (lane.isDead || lane.loads.length === 0) end(lane, direction)
        },
      }
    },
    close() {
      for (const direction of ['up', 'down'] as const) {
        clearTimeout(timers[direction])
        lanes[direction].clear()
      }
    },
  }
}
