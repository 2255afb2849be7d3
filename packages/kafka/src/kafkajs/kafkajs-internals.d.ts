// The doors into kafkajs 2.2.4 that have no types of their own; only what is used here.
// The version is pinned exactly: these are not public, and an upgrade means reading them again.

declare module 'kafkajs/src/protocol/encoder.js' {
  class Encoder {
    constructor(firstSizeBytes?: number)
    writeBufferInternal(bytes: Buffer): void
  }
  export = Encoder
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  class RequestQueue {
    pending: unknown[]
    throttledUntil: number
    throttleCheckTimeoutId: NodeJS.Timeout | null
    rejectAll(error: Error): void
    destroy(): void
    checkPendingRequests(): void
    scheduleCheckPendingRequests(): void
  }
  export = RequestQueue
}

declare module 'kafkajs/src/network/connectionPool.js' {
  import type RequestQueue from 'kafkajs/src/network/requestQueue/index.js'

  interface Protocol {
    request: { apiKey: number; apiVersion: number; apiName: string; encode(): Promise<unknown> }
    response: { decode(payload: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<unknown> }
    requestTimeout?: number
    logResponseError?: boolean
  }
  interface Connection {
    connectionStatus: string
    requestQueue: RequestQueue
    socket?: import('node:net').Socket
    authHandlers: { onError(): void } | null
    isConnected(): boolean
    send(protocol: Protocol): Promise<unknown>
  }
  class ConnectionPool {
    constructor(options: object)
    pool: Connection[]
  }
  namespace ConnectionPool {
    export type { Connection }
  }
  export = ConnectionPool
}

declare module 'kafkajs/src/broker/index.js' {
  import type ConnectionPool from 'kafkajs/src/network/connectionPool.js'

  class Broker {
    constructor(options: {
      connectionPool: ConnectionPool
      logger: unknown
      nodeId: number | null
      versions: Broker['versions']
      authenticationTimeout: number
      allowAutoTopicCreation: boolean
    })
    versions: Record<number, { minVersion: number; maxVersion: number }> | null
    connect(): Promise<void>
  }
  export = Broker
}

declare module 'kafkajs/src/network/socketFactory.js' {
  function createSocketFactory(): unknown
  export = createSocketFactory
}

declare module 'kafkajs/src/loggers/index.js' {
  interface LogEntry {
    namespace: string
    level: number
    label: string
    log: { message: string; [key: string]: unknown }
  }
  const module: {
    LEVELS: { NOTHING: 0; ERROR: 1; WARN: 2; INFO: 4; DEBUG: 5 }
    createLogger(options: { level: number; logCreator: () => (entry: LogEntry) => void }): unknown
  }
  export = module
}
