import { homedir } from 'node:os'
import { join } from 'node:path'

export interface BrokerSettings {
  /** Brokers that the user named (KAFCLAW_KAFKA_BROKERS); none means that one has to be started. */
  namedBrokers: string[]
  /** Folder for what is downloaded once; may be shared by any number of checkouts and runs. */
  cacheDir: string
  javaCommand: string
}

type Variables = Record<string, string | undefined>

/** Reads what decides where a broker comes from; an empty variable counts as not set. */
export function readBrokerSettings(env: Variables = process.env): BrokerSettings {
  return {
    namedBrokers: (env.KAFCLAW_KAFKA_BROKERS ?? '')
      .split(',')
      .map((broker) => broker.trim())
      .filter((broker) => broker !== ''),
    cacheDir: env.KAFCLAW_CACHE_DIR || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kafclaw'),
    javaCommand: env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : 'java',
  }
}
