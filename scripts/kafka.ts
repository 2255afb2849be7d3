// A Kafka on this machine to play with: node scripts/kafka.ts up | down | status
// Its data goes with it. Tests and `kafclaw demo --kafka` start brokers of their own and need none of this.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readBrokerSettings, startBroker } from '@kafclaw/testing/broker'

interface Running {
  pid: number
  brokers: string[]
}

const folder = join(readBrokerSettings().cacheDir, 'kafka-by-hand')
const stateFile = join(folder, 'running.json')
const logFile = join(folder, 'serve.log')
const UP_WITHIN_MS = 180_000

const COMMANDS: Readonly<Record<string, () => Promise<void>>> = { up, down, status, serve }
const command = COMMANDS[process.argv[2] ?? '']
if (command) await command()
else {
  process.stderr.write('usage: node scripts/kafka.ts up | down | status\n')
  process.exitCode = 2
}

async function up(): Promise<void> {
  if (!findRunning()) {
    mkdirSync(folder, { recursive: true })
    const log = openSync(logFile, 'w')
    const args = ['-C', '@kafclaw/source', import.meta.filename, 'serve']
    const keeper = spawn(process.execPath, args, { detached: true, stdio: ['ignore', log, log] })
    keeper.unref()
    const deadline = Date.now() + UP_WITHIN_MS
    while (!findRunning()) {
      if (keeper.exitCode !== null || Date.now() > deadline) {
        process.stderr.write(readFileSync(logFile, 'utf8'))
        process.exit(1)
      }
      await delay(100)
    }
  }
  await status()
}

async function down(): Promise<void> {
  const running = findRunning()
  if (running) process.kill(running.pid, 'SIGTERM')
  while (findRunning()) await delay(50)
  process.stderr.write(running ? 'Kafka has ended\n' : 'no Kafka was running\n')
}

async function status(): Promise<void> {
  const running = findRunning()
  if (!running) {
    process.stderr.write('no Kafka is running\n')
    process.exitCode = 1
    return
  }
  process.stdout.write(`export KAFCLAW_KAFKA_BROKERS=${running.brokers.join(',')}\n`)
}

/** Keeps a broker until it is told to end. */
async function serve(): Promise<void> {
  await using broker = await startBroker()
  const scratch = `${stateFile}.${process.pid}`
  writeFileSync(scratch, JSON.stringify({ pid: process.pid, brokers: broker.brokers }))
  renameSync(scratch, stateFile)
  const { promise: told, resolve } = Promise.withResolvers<void>()
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => resolve())
  const awake = setInterval(() => {}, 60_000)
  await told
  clearInterval(awake)
  rmSync(stateFile, { force: true })
}

function findRunning(): Running | undefined {
  if (!existsSync(stateFile)) return undefined
  const running: Running = JSON.parse(readFileSync(stateFile, 'utf8'))
  try {
    process.kill(running.pid, 0)
    return running
  } catch {
    return undefined
  }
}
