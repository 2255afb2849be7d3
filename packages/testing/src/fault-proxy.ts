import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A request or an answer as it passes; `body` begins after the correlation id (answers) or the client id (requests). */
export interface Passing {
  apiKey: number
  apiVersion: number
  frame: Buffer
}

/** What becomes of it: passed on, another frame instead, swallowed, or the connection is cut. */
type Fate = 'pass' | 'drop' | 'cut' | Buffer

/** A broker's double: hands all bytes on, and does to them what the test says. Metadata is rewritten to point back here. */
export interface FaultProxy extends AsyncDisposable {
  readonly address: string
  onRequest: (request: Passing) => Fate
  onAnswer: (answer: Passing) => Fate
  /** Breaks all connections that are open now. */
  cutAll(): void
  /** Requests seen so far, by api key. */
  readonly counts: Map<number, number>
}

const METADATA = 3

export async function createFaultProxy(target: string): Promise<FaultProxy> {
  const [host = '', port = ''] = target.split(':')
  const sockets = new Set<Socket>()
  const server = createServer((client) => join(client, connect(Number(port), host)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = server.address()
  const ownPort = typeof own === 'object' && own ? own.port : 0
  const proxy: FaultProxy = {
    address: `127.0.0.1:${ownPort}`,
    onRequest: () => 'pass',
    onAnswer: () => 'pass',
    counts: new Map(),
    cutAll() {
      for (const socket of sockets) socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      proxy.cutAll()
      server.close()
      await once(server, 'close')
    },
  }

  function join(client: Socket, broker: Socket): void {
    const asked = new Map<number, { apiKey: number; apiVersion: number }>()
    const cut = (): void => {
      client.destroy()
      broker.destroy()
    }
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', cut)
      socket.on('close', () => {
        sockets.delete(socket)
        cut()
      })
    }
    function follow(fate: Fate, frame: Buffer, to: Socket): void {
      if (fate === 'cut') cut()
      else if (fate !== 'drop') to.write(fate === 'pass' ? frame : fate)
    }
    client.on(
      'data',
      frames((frame) => {
        const request = { apiKey: frame.readInt16BE(4), apiVersion: frame.readInt16BE(6) }
        asked.set(frame.readInt32BE(8), request)
        proxy.counts.set(request.apiKey, (proxy.counts.get(request.apiKey) ?? 0) + 1)
        follow(proxy.onRequest({ ...request, frame }), frame, broker)
      }),
    )
    broker.on(
      'data',
      frames((frame) => {
        const request = asked.get(frame.readInt32BE(4)) ?? { apiKey: -1, apiVersion: -1 }
        if (request.apiKey === METADATA) pointTo(frame, ownPort)
        follow(proxy.onAnswer({ ...request, frame }), frame, client)
      }),
    )
  }
  return proxy
}

function frames(onFrame: (frame: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0)
      const frame = Buffer.from(rest.subarray(0, end))
      rest = rest.subarray(end)
      onFrame(frame)
    }
  }
}

/** Metadata answer from version 3 on: size, correlation id, throttle, then the brokers. */
function pointTo(frame: Buffer, port: number): void {
  let at = 12
  for (let left = frame.readInt32BE(at); left > 0; left--) {
    at += at === 12 ? 4 : 0
    at += 4
    at += 2 + frame.readInt16BE(at)
    frame.writeInt32BE(port, at)
    at += 4
    const rackBytes = frame.readInt16BE(at)
    at += 2 + Math.max(0, rackBytes)
  }
}

/** Where the error code of the first partition stands in an answer of the versions spoken here. */
const FIRST_TOPIC_AT = { fetch: 4 + 4 + 4 + 2 + 4, produce: 4 + 4 }

/** The answer with another error code for its first partition, which may be made to look like another partition. */
export function withError(frame: Buffer, api: 'fetch' | 'produce', errorCode: number, partition?: number): Buffer {
  const changed = Buffer.from(frame)
  // Count of topics, name, count of partitions, partition.
  const nameAt = FIRST_TOPIC_AT[api] + 4
  const errorAt = nameAt + 2 + changed.readInt16BE(nameAt) + 4 + 4
  changed.writeInt16BE(errorCode, errorAt)
  if (partition !== undefined) changed.writeInt32BE(partition, errorAt - 4)
  return changed
}
