import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

// Below the range from which systems take ports for outgoing connections (32768 on Linux, 49152 elsewhere):
// a port that is free now cannot be taken by a mere client before the broker binds it.
const LOWEST = 20_000
const HIGHEST = 32_000

/** Ports of 127.0.0.1 that nobody listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = randomInt(LOWEST, HIGHEST)
    if (!ports.has(port) && (await isFree(port))) ports.add(port)
  }
  return [...ports]
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = createServer()
  server.once('error', () => resolve(false))
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  return promise
}
