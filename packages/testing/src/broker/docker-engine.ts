import { randomBytes } from 'node:crypto'
import { startFailed } from './broker-error.ts'
import { runCommand } from './command.ts'
import type { BrokerEngine, EngineOptions } from './engine.ts'
import { brokerProperties } from './properties.ts'
import { KAFKA_VERSION } from './version.ts'

export type DockerFound = { found: true } | { found: false; reason: string }

/** Looks for a Docker whose daemon answers. */
export async function findDocker(): Promise<DockerFound> {
  const { code } = await runCommand('docker', ['version', '--format', '{{.Server.Version}}'])
  if (code === 0) return { found: true }
  return {
    found: false,
    reason: code === null ? 'Docker was not found' : 'Docker is installed, but its daemon does not answer',
  }
}

/** Runs the image apache/kafka with the same settings as the Java form; SCRAM users need the Java form. */
export function createDockerEngine(options: EngineOptions): BrokerEngine {
  const name = `kafclaw-broker-${randomBytes(4).toString('hex')}`
  const properties = brokerProperties({ ...options.properties, bindHost: '0.0.0.0', dataDir: '/tmp/kafka-data' })
  const { plaintext } = options.properties.ports
  let created = false
  let running = false

  async function docker(...args: string[]): Promise<void> {
    const { code, output } = await runCommand('docker', args)
    if (code !== 0) throw startFailed(`docker ${args[0]} failed`, output)
  }

  return {
    how: 'docker',
    async start() {
      if (created) await docker('start', name)
      else {
        const settings = Object.entries(properties).flatMap(([key, value]) => ['-e', `${variableName(key)}=${value}`])
        const publish = ['-p', `127.0.0.1:${plaintext}:${plaintext}`]
        await docker('run', '-d', '--name', name, ...publish, ...settings, `apache/kafka:${KAFKA_VERSION}`)
      }
      created = true
      running = true
    },
    isRunning: () => running,
    output: async () => (await runCommand('docker', ['logs', '--tail', '40', name])).output,
    async kill() {
      running = false
      await docker('kill', name)
    },
    async shutDown() {
      running = false
      await docker('stop', '-t', '15', name)
    },
    pause: () => docker('pause', name),
    resume: () => docker('unpause', name),
    async remove() {
      running = false
      if (created) await docker('rm', '-f', '-v', name)
    },
  }
}

/** The image reads server properties from variables: KAFKA_, upper case, "." as "_", "_" as "__", "-" as "___". */
function variableName(property: string): string {
  return `KAFKA_${property.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_').toUpperCase()}`
}
