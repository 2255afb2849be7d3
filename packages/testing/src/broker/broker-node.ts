import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startFailed } from './broker-error.ts'
import type { BrokerEngine } from './engine.ts'
import type { EngineFound } from './find-engine.ts'
import { answersMetadata } from './metadata-probe.ts'
import type { BrokerPorts, PropertyOptions } from './properties.ts'

/** One broker as a process, alone or of a cluster. */
export interface BrokerNode extends AsyncDisposable {
  /** host:port of its PLAINTEXT listener. */
  readonly address: string
  /** kill -9; the data stays for `restart`. */
  kill(): Promise<void>
  /** Lets it end in good order. */
  shutDown(): Promise<void>
  /** Starts again on the same data and ports; a running broker is ended in good order first. */
  restart(): Promise<void>
  /** Freezes it: connections stay open, nothing answers. */
  pause(): Promise<void>
  resume(): Promise<void>
  isRunning(): boolean
  /** The end of what it wrote. */
  output(): Promise<string>
  /** Ends it for good and removes its data. */
  stop(): Promise<void>
}

const READY_WITHIN_MS = 60_000

export interface NodeOptions {
  clusterId: string
  cacheDir: string
  ports: BrokerPorts
  properties: Pick<PropertyOptions, 'cluster' | 'secure' | 'extra'>
  /** Where its data lies; a folder of its own, made before, that is not removed with it. Null: beside its other files. */
  dataFolder: string | null
}

/** A broker that is formatted and not started. `folder` is its own and goes with it. */
export async function createBrokerNode(
  means: Extract<EngineFound, { found: true }>,
  folder: string,
  options: NodeOptions,
): Promise<BrokerNode & { begin(): Promise<void>; ready(brokers: number): Promise<void> }> {
  const { ports } = options
  const engine = await means.create({
    folder,
    clusterId: options.clusterId,
    cacheDir: options.cacheDir,
    properties: {
      ...options.properties,
      ports,
      dataDir: join(options.dataFolder ?? folder, 'data'),
      bindHost: '127.0.0.1',
    },
  })
  async function stop(): Promise<void> {
    await engine.remove()
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  return {
    address: `127.0.0.1:${ports.plaintext}`,
    begin: () => engine.start(),
    ready: (brokers) => untilReady(engine, ports.plaintext, brokers),
    kill: () => engine.kill(),
    shutDown: () => engine.shutDown(),
    async restart() {
      if (engine.isRunning()) await engine.shutDown()
      await engine.start()
      await untilReady(engine, ports.plaintext, 1)
    },
    pause: () => engine.pause(),
    resume: () => engine.resume(),
    isRunning: () => engine.isRunning(),
    output: () => engine.output(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** A folder for one broker. */
export function brokerFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'kafclaw-broker-'))
}

async function untilReady(engine: BrokerEngine, port: number, brokers: number): Promise<void> {
  const deadline = AbortSignal.timeout(READY_WITHIN_MS)
  while (!(await answersMetadata(port, brokers))) {
    const died = !engine.isRunning()
    if (died || deadline.aborted) {
      const output = await engine.output()
      await engine.remove()
      throw startFailed(
        died ? 'Kafka ended right after its start' : `Kafka was not ready after ${READY_WITHIN_MS / 1000} s`,
        output,
      )
    }
    await delay(20)
  }
}
