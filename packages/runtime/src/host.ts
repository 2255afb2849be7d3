import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Env } from '@kafclaw/env'
import { createEmbeddedLog, createKafkaLog, type Log, parseKafkaProperties } from '@kafclaw/kafka'
import { createDisk, type Db, type Disk, ensureFolder } from '@kafclaw/storage'
import type { Logger, Metrics } from '@kafclaw/telemetry'
import { createDataFolder, type DataFolder } from './data-folder.ts'
import { createMember, type Member, type MemberEnd } from './member.ts'
import type { MemberOptions } from './member-core.ts'
import type { Readiness } from './readiness.ts'
import type { RunHandler } from './run.ts'
import type { Settings } from './settings.ts'

/** What the services of one process share: the way to the log, and everything that comes from outside. */
export interface Host extends AsyncDisposable {
  env: Env
  logger: Logger
  metrics: Metrics
  log: Log
  disk: Disk
  settings: Settings
  data: DataFolder
}

/** A running service, as `start` and `up` see it. */
export interface Service {
  /** The id under which it takes part in the group. */
  readonly id: string
  readiness(): Readiness
  whenReady(): Promise<void>
  readonly ended: Promise<MemberEnd>
  stop(): Promise<void>
}

export interface HostOptions {
  env: Env
  logger: Logger
  metrics: Metrics
  settings: Settings
  /** Shown to the brokers as client id. */
  clientId: string
}

/** Opens the log that the settings name: Kafka where brokers are set, else the embedded one in the data folder. Nothing is connected yet. */
export function openHost(options: HostOptions): Host {
  const { settings } = options
  const data = createDataFolder(settings)
  const log = openLog(options, data)
  return {
    env: options.env,
    logger: options.logger,
    metrics: options.metrics,
    settings,
    log,
    disk: createDisk(),
    data,
    [Symbol.asyncDispose]: () => log.close(),
  }
}

function openLog({ env, logger, settings, clientId }: HostOptions, data: DataFolder): Log {
  if (settings.kafkaBrokers === null) {
    ensureFolder(data.groupFolder)
    return createEmbeddedLog({ path: data.logDb, env, logger })
  }
  const path = settings.kafkaProperties
  const properties = path === null ? undefined : parseKafkaProperties(readFileSync(path, 'utf8'), dirname(path))
  return createKafkaLog({
    brokers: [...settings.kafkaBrokers],
    clientId,
    env,
    logger,
    ...(properties ? { properties } : {}),
  })
}

/** What a handler may use of its member. */
export interface MemberParts {
  /** The state file of the member, for what its handler keeps there. */
  db: Db
  send: Member['send']
  store: Member['store']
  agents: Member['agents']
  exchange: Member['exchange']
}

type MemberSpec = Pick<
  MemberOptions,
  'agentId' | 'role' | 'skills' | 'capacity' | 'readsAllSkills' | 'onTasks' | 'onOwnBeat'
> & {
  createHandler(parts: MemberParts): RunHandler
}

/** Opens the folder of a member, which its process then holds, and starts the member in it. Error: KC_STORAGE_LOCKED when another process has it. */
export function openMember(host: Host, spec: MemberSpec): Member {
  const { settings } = host
  const files = host.data.member(spec.agentId)
  const stack = new DisposableStack()
  try {
    stack.use(host.disk.lock(files.folder, { purpose: `${spec.role} "${spec.agentId}" of group "${settings.group}"` }))
    const db = stack.use(host.disk.open(files.stateDb, 'state'))
    const member: Member = createMember({
      ...spec,
      handler: spec.createHandler({
        db,
        send: (fields) => member.send(fields),
        store: (work) => member.store(work),
        agents: () => member.agents(),
        exchange: (taskId, signal) => member.exchange(taskId, signal),
      }),
      env: host.env,
      logger: host.logger.child({ member: spec.agentId }),
      metrics: host.metrics,
      log: host.log,
      db,
      group: settings.group,
      zone: settings.zone,
      version: VERSION,
      retentionDays: settings.retentionDays,
    })
    const resources = stack.move()
    return {
      ...member,
      ended: member.ended.finally(() => resources.dispose()),
      async stop() {
        await member.stop()
        resources.dispose()
      },
      async abandon() {
        await member.abandon()
        resources.dispose()
      },
    }
  } catch (error) {
    stack.dispose()
    throw error
  }
}

export const VERSION = '0.1.0'
