import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@kafclaw/envelope'
import { noWayToKafka, startFailed } from './broker-error.ts'
import type { BrokerEngine } from './engine.ts'
import { findEngine } from './find-engine.ts'
import { answersMetadata } from './metadata-probe.ts'
import { createPki, type Pki } from './pki.ts'
import { freePorts } from './ports.ts'
import type { BrokerPorts } from './properties.ts'
import { type BrokerSettings, readBrokerSettings } from './settings.ts'
import { KAFKA_VERSION } from './version.ts'

export interface BrokerOptions {
  /** Adds the listeners SASL_PLAINTEXT, SASL_SSL and SSL with client certificates; user name -> password. */
  users?: Readonly<Record<string, string>>
  /** With users: deny by default; `admin` and the PLAINTEXT listener may do everything. */
  authorize?: boolean
  /** Server properties that win over ours. */
  properties?: Readonly<Record<string, string>>
  settings?: BrokerSettings
}

export interface TestBroker extends AsyncDisposable {
  /** host:port of the PLAINTEXT listener, ready for a client. */
  readonly brokers: string[]
  /** The listeners of a broker with users. */
  readonly secure: { saslPlaintext: string; saslSsl: string; mtls: string; pki: Pki } | null
  readonly version: string
  readonly how: BrokerEngine['how']
  /** kill -9; the data stays for `restart`. */
  kill(): Promise<void>
  /** Starts again on the same data and ports; a running broker is ended in good order first. */
  restart(): Promise<void>
  /** Freezes it: connections stay open, nothing answers. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** Ends it for good and removes its data. */
  stop(): Promise<void>
}

const READY_WITHIN_MS = 60_000

/**
 * Starts an Apache Kafka of one node for this process alone, on free ports of 127.0.0.1, and waits until it is usable.
 * It ends with this process at the latest. Errors: KC_BROKER_UNAVAILABLE, KC_BROKER_START_FAILED.
 */
export async function startBroker(options: BrokerOptions = {}): Promise<TestBroker> {
  const settings = options.settings ?? readBrokerSettings()
  const means = await findEngine(settings)
  if (!means.found) throw noWayToKafka(means.reasons)
  if (options.users && means.how === 'docker') {
    throw new AppError('KC_BROKER_UNAVAILABLE', 'a broker with users needs Java and Maven; Docker alone is not enough')
  }
  const folder = await mkdtemp(join(tmpdir(), 'kafclaw-broker-'))
  try {
    const ports = await choosePorts()
    const secure = options.users
      ? {
          pki: await createPki(join(folder, 'pki'), Object.keys(options.users)),
          users: options.users,
          authorize: options.authorize ?? false,
        }
      : null
    const properties = {
      ports,
      dataDir: join(folder, 'data'),
      bindHost: '127.0.0.1',
      secure,
      extra: options.properties ?? {},
    }
    const engine = await means.create({ folder, properties, cacheDir: settings.cacheDir })
    await startAndWait(engine, ports.plaintext)
    return createTestBroker(engine, { folder, ports, pki: secure?.pki ?? null })
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

interface Placement {
  folder: string
  ports: BrokerPorts
  pki: Pki | null
}

function createTestBroker(engine: BrokerEngine, { folder, ports, pki }: Placement): TestBroker {
  const at = (port: number) => `127.0.0.1:${port}`
  async function stop(): Promise<void> {
    await engine.remove()
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  return {
    brokers: [at(ports.plaintext)],
    secure: pki && { saslPlaintext: at(ports.saslPlaintext), saslSsl: at(ports.saslSsl), mtls: at(ports.mtls), pki },
    version: KAFKA_VERSION,
    how: engine.how,
    kill: () => engine.kill(),
    async restart() {
      if (engine.isRunning()) await engine.shutDown()
      await startAndWait(engine, ports.plaintext)
    },
    pause: () => engine.pause(),
    resume: () => engine.resume(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function choosePorts(): Promise<BrokerPorts> {
  const [plaintext = 0, controller = 0, saslPlaintext = 0, saslSsl = 0, mtls = 0] = await freePorts(5)
  return { plaintext, controller, saslPlaintext, saslSsl, mtls }
}

async function startAndWait(engine: BrokerEngine, port: number): Promise<void> {
  await engine.start()
  const deadline = AbortSignal.timeout(READY_WITHIN_MS)
  while (!(await answersMetadata(port))) {
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
