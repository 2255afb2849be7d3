import { chmod, copyFile, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openBroker, readBrokerSettings, startBroker } from '../src/broker/index.ts'
import { answersMetadata } from '../src/broker/metadata-probe.ts'
import { type TempDir, tempDir } from '../src/index.ts'

const realPath = process.env.PATH
let bin: TempDir

beforeEach(async () => {
  bin = await tempDir()
  // A machine with nothing but the shell's own tools and Node.
  for (const [name, target] of [
    ['node', process.execPath],
    ['env', '/usr/bin/env'],
    ['sh', '/bin/sh'],
  ] as const) {
    await symlink(target, join(bin.path, name))
  }
  process.env.PATH = bin.path
  process.env.FAKE_DOCKER_FOLDER = bin.path
})

afterEach(async () => {
  process.env.PATH = realPath
  await bin[Symbol.asyncDispose]()
})

const settings = () => ({ namedBrokers: [], cacheDir: join(bin.path, 'cache'), javaCommand: 'java' })

async function install(name: string, script: string): Promise<void> {
  await writeFile(join(bin.path, name), `#!/bin/sh\n${script}\n`)
  await chmod(join(bin.path, name), 0o755)
}

async function installFakeDocker(): Promise<void> {
  await copyFile(join(import.meta.dirname, 'fake-docker.mjs'), join(bin.path, 'docker.mjs'))
  await install('docker', 'exec node "$FAKE_DOCKER_FOLDER/docker.mjs" "$@"')
}

async function dockerCalls(): Promise<string[][]> {
  const text = await readFile(join(bin.path, 'calls.jsonl'), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line): string[] => JSON.parse(line))
}

it('uses the brokers that the user named and starts nothing', async () => {
  const named = readBrokerSettings({ KAFCLAW_KAFKA_BROKERS: 'a:9092, b:9092', JAVA_HOME: '/nowhere' })
  await using broker = await openBroker(named)
  expect(broker).toMatchObject({ brokers: ['a:9092', 'b:9092'], how: 'named', version: null })
})

it('names all that is missing and how to get it when there is no way to a Kafka', async () => {
  const error = await startBroker({ settings: settings() }).catch((failure: unknown) => failure)
  expect(error).toMatchObject({ code: 'KC_BROKER_UNAVAILABLE' })
  expect(String(error)).toContain('Java was not found')
  expect(String(error)).toContain('Docker was not found')
  expect(String(error)).toContain('KAFCLAW_KAFKA_BROKERS=host:port')
  expect(String(error)).toContain('apt-get install')
})

it('says that Java is too old, that Maven is missing, and that the daemon of Docker is down', async () => {
  await install('java', 'echo \'openjdk version "11.0.2" 2019-01-15\' >&2')
  await install('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1')
  await expect(startBroker({ settings: settings() })).rejects.toThrow(/Java 11 is too old.*daemon does not answer/s)
  await install('java', 'echo \'openjdk version "21.0.2" 2024-01-16\' >&2')
  await expect(startBroker({ settings: settings() })).rejects.toThrow(/Maven \(mvn\) was not found/)
})

it('starts the image of Kafka with the settings of the Java form when there is only Docker', async () => {
  await installFakeDocker()
  const broker = await startBroker({ settings: settings(), properties: { 'log.retention.ms': '1000' } })
  const port = Number(broker.brokers[0]?.split(':')[1])
  expect(broker).toMatchObject({ how: 'docker', version: '4.4.0' })

  await broker.kill()
  expect(await answersMetadata(port)).toBe(false)
  await broker.restart()
  expect(await answersMetadata(port)).toBe(true)
  await broker.stop()
  expect(await answersMetadata(port)).toBe(false)

  const calls = await dockerCalls()
  expect(calls.map(([command]) => command)).toEqual(['version', 'run', 'kill', 'start', 'rm'])
  const run = calls[1] ?? []
  expect(run.at(-1)).toBe('apache/kafka:4.4.0')
  expect(run).toContain(`127.0.0.1:${port}:${port}`)
  expect(run).toContain('KAFKA_LOG_RETENTION_MS=1000')
  expect(run).toContain('KAFKA_AUTO_CREATE_TOPICS_ENABLE=false')
  expect(run).toContain(`KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://127.0.0.1:${port}`)
})
