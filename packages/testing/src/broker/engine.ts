import type { PropertyOptions } from './properties.ts'

/** What runs a broker: a Java process or a container. It knows nothing of readiness; whoever starts it asks for that. */
export interface BrokerEngine {
  readonly how: 'java' | 'docker'
  /** Starts the broker on the data that is there; returns before it is ready. */
  start(): Promise<void>
  isRunning(): boolean
  /** The end of what the broker wrote, for error messages. */
  output(): Promise<string>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
  /** Lets it end in good order. */
  shutDown(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
  /** Removes what is left; the broker has ended before. */
  remove(): Promise<void>
}

export interface EngineOptions {
  /** Folder of this broker alone. */
  folder: string
  /** 16 bytes as base64url; brokers of one cluster have the same. */
  clusterId: string
  properties: PropertyOptions
  cacheDir: string
}
