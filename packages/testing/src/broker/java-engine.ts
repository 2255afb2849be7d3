import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freeze } from '../freeze.ts'
import { startFailed } from './broker-error.ts'
import { classArchive } from './class-archive.ts'
import { runCommand } from './command.ts'
import type { BrokerEngine, EngineOptions } from './engine.ts'
import { guardOrphan, type OrphanGuard } from './orphan-guard.ts'
import { brokerProperties, propertiesText } from './properties.ts'

const JVM_ARGS = [
  '-Xms64m',
  '-Xmx384m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Xlog:disable',
  '-Xlog:all=error:stderr',
]
const SHUT_DOWN_WITHIN_MS = 15_000

const LOG4J = `status = error
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss.SSS} %p %m (%c)%n
`

export interface Java {
  command: string
  /** Names the build, for the class archive. */
  version: string
  classPath: string
}

/** Runs Kafka's own jars on this machine's Java. Formats the storage, which also creates the SCRAM users. */
export async function createJavaEngine(java: Java, options: EngineOptions): Promise<BrokerEngine> {
  const { folder } = options
  const files = {
    properties: join(folder, 'server.properties'),
    log4j: join(folder, 'log4j2.properties'),
    log: join(folder, 'broker.log'),
  }
  const archive = classArchive({
    cacheDir: options.cacheDir,
    dataDir: folder,
    fingerprint: java.version + java.classPath,
  })
  const jvm = [...JVM_ARGS, `-Dlog4j2.configurationFile=${files.log4j}`, '-cp', java.classPath]
  let process: { child: ChildProcess; pid: number; guard: OrphanGuard } | undefined

  writeFileSync(files.log4j, LOG4J)
  writeFileSync(files.properties, propertiesText(brokerProperties(options.properties)))
  // The formatter is the same jars: it starts faster on the archive of the broker, but must not record one of its own.
  await format(java.command, archive.records ? jvm : [...archive.jvmArgs, ...jvm], {
    path: files.properties,
    clusterId: options.clusterId,
    users: options.properties.secure?.users ?? {},
  })

  async function end(signal: NodeJS.Signals, withinMs: number): Promise<void> {
    if (!process) return
    const { child, guard } = process
    if (isAlive(child)) {
      child.ref()
      const exited = once(child, 'exit')
      child.kill(signal)
      const late = new AbortController()
      const timer = delay(withinMs, undefined, { signal: late.signal, ref: false }).then(() => child.kill('SIGKILL'))
      await exited
      late.abort()
      await timer.catch(() => {})
    }
    guard.release()
    process = undefined
    archive.keep()
  }

  return {
    how: 'java',
    async start() {
      const log = openSync(files.log, 'a')
      // A group of its own: Ctrl-C on the terminal must end the services first and the broker last.
      const child = spawn(java.command, [...archive.jvmArgs, ...jvm, 'kafka.Kafka', files.properties], {
        detached: true,
        stdio: ['ignore', log, log],
      })
      closeSync(log)
      await once(child, 'spawn')
      child.unref()
      const pid = child.pid ?? 0
      process = { child, pid, guard: guardOrphan(pid, folder) }
    },
    isRunning: () => process !== undefined && isAlive(process.child),
    output: () => readFile(files.log, 'utf8').catch(() => ''),
    kill: () => end('SIGKILL', SHUT_DOWN_WITHIN_MS),
    shutDown: () => end('SIGTERM', SHUT_DOWN_WITHIN_MS),
    async pause() {
      if (process) await freeze(process.pid)
    },
    resume: async () => void process?.child.kill('SIGCONT'),
    // Data that nobody will read again needs no good order; an archive that is being recorded does.
    remove: () => (archive.records ? end('SIGTERM', SHUT_DOWN_WITHIN_MS) : end('SIGKILL', SHUT_DOWN_WITHIN_MS)),
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

async function format(
  command: string,
  jvm: string[],
  config: { path: string; clusterId: string; users: Readonly<Record<string, string>> },
) {
  const scram = Object.entries(config.users).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  )
  // In one word: an id may begin with a dash.
  const tool = ['kafka.tools.StorageTool', 'format', `--cluster-id=${config.clusterId}`, '-c', config.path, ...scram]
  const { code, output } = await runCommand(command, [...jvm, ...tool])
  if (code !== 0) throw startFailed('Kafka could not format its data folder', output)
}
