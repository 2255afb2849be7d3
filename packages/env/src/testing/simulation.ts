import type { Env } from '../env.ts'
import { createUuidV7 } from '../uuid-v7.ts'
import type { Random } from './random.ts'
import { createTimerQueue } from './timer-queue.ts'

/**
 * Several processes on one virtual clock in one real one. A scheduler runs one callback after the other and draws which
 * process goes next; time passes only when nobody has anything to do. As long as the code takes the world from its Env
 * alone, the same random source gives the same run, to the byte.
 */
export interface Simulation {
  /** Milliseconds since the beginning; the monotonic clock of every process. */
  elapsedMs(): number
  process(name: string): SimulatedProcess
  /** Runs until `isDone`, looked at before each callback; `idle`: nobody has anything to do any more. */
  run(isDone: () => boolean): Promise<'done' | 'idle'>
}

export interface SimulatedProcess {
  readonly name: string
  readonly env: Env
  isAlive(): boolean
  /** Killed: no callback of it runs any more. */
  end(): void
  /** Stands still: its callbacks wait, the clock goes on. */
  pause(): void
  resume(): void
  /** Sets its wall clock forward, or back where negative. */
  moveClock(byMs: number): void
}

interface Runnable {
  readyAt(nowMs: number): boolean
  nextDueMs(): number
  runOne(nowMs: number): void
}

export function createSimulation(options: { random: Random; startMs?: number }): Simulation {
  const { random } = options
  const startMs = options.startMs ?? Date.UTC(2026, 0, 1)
  const processes = new Set<Runnable>()
  let elapsedMs = 0

  /** The process that goes next, time moved to where it has something to do; null when nobody has. */
  function next(): Runnable | null {
    for (;;) {
      const ready = [...processes].filter((candidate) => candidate.readyAt(elapsedMs))
      const chosen = ready.length > 1 ? random.oneOf(ready) : ready[0]
      if (chosen) return chosen
      let dueMs = Number.POSITIVE_INFINITY
      for (const candidate of processes) dueMs = Math.min(dueMs, candidate.nextDueMs())
      if (dueMs === Number.POSITIVE_INFINITY) return null
      elapsedMs = dueMs
    }
  }

  return {
    elapsedMs: () => elapsedMs,
    process(name) {
      const created = createProcess({
        name,
        random: random.fork(name),
        startMs,
        elapsedMs: () => elapsedMs,
        onEnd: () => void processes.delete(created.runnable),
      })
      processes.add(created.runnable)
      return created.process
    },
    run: (isDone) =>
      new Promise((resolve, reject) => {
        function goOn(): void {
          try {
            const end = isDone() ? 'done' : runNext()
            if (end === null) {
              // A tick begins only when all promises have gone on that can: a callback runs to its last continuation.
              queueMicrotask(() => process.nextTick(goOn))
            } else resolve(end)
          } catch (error) {
            reject(error)
          }
        }
        process.nextTick(goOn)
      }),
  }

  function runNext(): 'idle' | null {
    const chosen = next()
    if (chosen === null) return 'idle'
    chosen.runOne(elapsedMs)
    return null
  }
}

interface ProcessOptions {
  name: string
  random: Random
  startMs: number
  elapsedMs(): number
  onEnd(): void
}

function createProcess(options: ProcessOptions): { process: SimulatedProcess; runnable: Runnable } {
  const { name, random, elapsedMs } = options
  const timers = createTimerQueue()
  let turns: Array<() => void> = []
  let clockMs = options.startMs
  let isAlive = true
  let isPaused = false
  const now = (): number => Math.floor(clockMs + elapsedMs())
  const env: Env = {
    now,
    monotonicMs: elapsedMs,
    setTimer: (delayMs, fn) => timers.add(elapsedMs() + Math.max(0, delayMs), fn),
    nextTurn(fn) {
      if (isAlive) turns.push(fn)
    },
    newId: createUuidV7(now, random.bytes),
    randomBytes: random.bytes,
  }
  const runnable: Runnable = {
    readyAt: (nowMs) => !isPaused && (turns.length > 0 || timers.nextDueMs() <= nowMs),
    nextDueMs: () => (isPaused ? Number.POSITIVE_INFINITY : timers.nextDueMs()),
    runOne(nowMs) {
      // Due timers and pending turns of one process have no order between them; each kind keeps its own.
      const isTimer = timers.nextDueMs() <= nowMs && (turns.length === 0 || random.flip(0.5))
      const fn = isTimer ? timers.take() : turns.shift()
      fn?.()
    },
  }
  const process: SimulatedProcess = {
    name,
    env,
    isAlive: () => isAlive,
    end() {
      isAlive = false
      turns = []
      options.onEnd()
    },
    pause() {
      isPaused = true
    },
    resume() {
      isPaused = false
    },
    moveClock(byMs) {
      clockMs += byMs
    },
  }
  return { process, runnable }
}
