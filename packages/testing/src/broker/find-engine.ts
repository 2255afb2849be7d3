import { createDockerEngine, findDocker } from './docker-engine.ts'
import type { BrokerEngine, EngineOptions } from './engine.ts'
import { kafkaJars } from './jars.ts'
import { findJava } from './java.ts'
import { createJavaEngine } from './java-engine.ts'
import type { BrokerSettings } from './settings.ts'

export type EngineFound =
  | { found: true; how: BrokerEngine['how']; create(options: EngineOptions): Promise<BrokerEngine> }
  | { found: false; reasons: string[] }

/** Java and Maven first, because that form can do everything; else Docker. */
export async function findEngine(settings: BrokerSettings): Promise<EngineFound> {
  const java = await findJava(settings.javaCommand)
  const jars = java.found ? await kafkaJars(settings.cacheDir) : undefined
  if (java.found && jars?.found) {
    const { classPath } = jars
    return { found: true, how: 'java', create: (options) => createJavaEngine({ ...java, classPath }, options) }
  }
  const docker = await findDocker()
  if (docker.found) return { found: true, how: 'docker', create: async (options) => createDockerEngine(options) }
  const reasons = [java.found ? '' : java.reason, jars && !jars.found ? jars.reason : '', docker.reason]
  return { found: false, reasons: reasons.filter((reason) => reason !== '') }
}
