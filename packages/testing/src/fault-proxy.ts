import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { frames, renamePorts } from './kafka-frames.ts'
import { createTraffic, type Traffic } from './traffic.ts'

/** A request or an answer as it passes; `body` begins after the correlation id (answers) or the client id (requests). */
export interface Passing {
  apiKey: number
  apiVersion: number
  frame: Buffer
}

/** What becomes of it: passed on, another frame instead, swallowed, or the connection is cut. */
type Fate = 'pass' | 'drop' | 'cut' | Buffer

/** A broker's double: hands all bytes on, and does to them what the test says. The brokers that it names are doubles too. */
export interface FaultProxy extends AsyncDisposable {
  readonly address: string
  onRequest: (request: Passing) => Fate
  onAnswer: (answer: Passing) => Fate
  /** Breaks all connections that are open now. */
  cutAll(): void
  /** Requests seen so far, by api key. */
  readonly counts: Map<number, number>
}

export interface ProxyOptions {
  /** Which port stands for that of a broker; its own for every broker when missing. */
  portOf?: (port: number) => number
  /** Shared with the doubles of other brokers: one line leads to all of them. */
  traffic?: Traffic
}

export async function createFaultProxy(target: string, options: ProxyOptions = {}): Promise<FaultProxy> {
  const [host = '', port = ''] = target.split(':')
  const traffic = options.traffic ?? createTraffic()
  const sockets = new Set<Socket>()
  const server = createServer((client) => join(client, connect(Number(port), host)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = server.address()
  const ownPort = typeof own === 'object' && own ? own.port : 0
  const portOf = options.portOf ?? (() => ownPort)
  const proxy: FaultProxy = {
    address: `127.0.0.1:${ownPort}`,
    onRequest: () => 'pass',
    onAnswer: () => 'pass',
    counts: new Map(),
    cutAll() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    async [Symbol.asyncDispose]() {
      traffic.close()
      proxy.cutAll()
      server.close()
      await once(server, 'close')
    },
  }

  function join(client: Socket, broker: Socket): void {
    const asked = new Map<number, { apiKey: number; apiVersion: number }>()
    const up = traffic.lane(broker, 'up')
    const down = traffic.lane(client, 'down')
    const cut = (): void => {
      client.destroy()
      broker.destroy()
    }
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      // What has to be done stands in the close that follows.
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
    client.on('close', up.finish)
    broker.on('close', down.finish)
    client.on(
      'data',
      frames((frame) => {
        const request = { apiKey: frame.readInt16BE(4), apiVersion: frame.readInt16BE(6) }
        asked.set(frame.readInt32BE(8), request)
        proxy.counts.set(request.apiKey, (proxy.counts.get(request.apiKey) ?? 0) + 1)
        follow(proxy.onRequest({ ...request, frame }), { frame, lane: up, cut })
      }),
    )
    broker.on(
      'data',
      frames((frame) => {
        const correlationId = frame.readInt32BE(4)
        const request = asked.get(correlationId) ?? { apiKey: -1, apiVersion: -1 }
        asked.delete(correlationId)
        renamePorts(frame, request, portOf)
        follow(proxy.onAnswer({ ...request, frame }), { frame, lane: down, cut })
      }),
    )
  }
  return proxy
}

function follow(
  fate: Fate,
  { frame, lane, cut }: { frame: Buffer; lane: { write(bytes: Buffer): void }; cut(): void },
): void {
  if (fate === 'cut') cut()
  else if (fate !== 'drop') lane.write(fate === 'pass' ? frame : fate)
}
