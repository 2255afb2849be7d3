import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect, it, vi } from 'vitest'
import { createLink, type Link } from '../src/index.ts'

/** Answers each request with its correlation id and as many bytes as its last field asks for. */
async function startEcho() {
  const seen: number[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      for (let at = 0; at < chunk.length; at += 16) {
        const correlationId = chunk.readInt32BE(at + 8)
        seen.push(correlationId)
        const answer = Buffer.alloc(8 + chunk.readInt32BE(at + 12))
        answer.writeInt32BE(answer.length - 4)
        answer.writeInt32BE(correlationId, 4)
        socket.write(answer)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { address: `127.0.0.1:${port}`, seen, [Symbol.asyncDispose]: async () => void server.close() }
}

async function dial(
  link: Link,
): Promise<{ socket: Socket; answered(): number; ask(id: number, bytes?: number): void }> {
  const socket = connect(Number(link.brokers[0]?.split(':')[1]), '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  let bytes = 0
  socket.on('data', (chunk) => {
    bytes += chunk.length
  })
  return {
    socket,
    answered: () => bytes,
    ask(id, answerBytes = 0) {
      const request = Buffer.alloc(16)
      request.writeInt32BE(12)
      // An api key whose answers are left alone.
      request.writeInt16BE(18, 4)
      request.writeInt32BE(id, 8)
      request.writeInt32BE(answerBytes, 12)
      socket.write(request)
    },
  }
}

const SOON = { timeout: 10_000, interval: 5 }

it('lets every byte come later, and no more of them a second', async () => {
  await using echo = await startEcho()
  await using link = await createLink([echo.address])
  const client = await dial(link)
  link.set({ kind: 'slow', latencyMs: 60, bytesPerS: 20_000 })
  const startMs = performance.now()
  client.ask(1, 10_000)
  await vi.waitFor(() => expect(client.answered()).toBe(10_008), SOON)
  // Both ways late, and 10,008 bytes at 20,000 a second.
  expect(performance.now() - startMs).toBeGreaterThan(500)
  link.set({ kind: 'none' })
  client.ask(2)
  await vi.waitFor(() => expect(client.answered()).toBe(10_016), SOON)
  client.socket.destroy()
})

it('gives the connections of a slow line turns: a small answer does not wait for a large one', async () => {
  await using echo = await startEcho()
  await using link = await createLink([echo.address])
  const [large, small] = [await dial(link), await dial(link)]
  link.set({ kind: 'slow', latencyMs: 0, bytesPerS: 50_000 })
  large.ask(1, 100_000)
  await vi.waitFor(() => expect(large.answered()).toBeGreaterThan(0), SOON)
  small.ask(2)
  await vi.waitFor(() => expect(small.answered()).toBe(8), SOON)
  expect(large.answered()).toBeLessThan(100_008)
  large.socket.destroy()
  small.socket.destroy()
})

it('lets what was sent into a black hole arrive when it is over, also of a client that has gone away', async () => {
  await using echo = await startEcho()
  await using link = await createLink([echo.address])
  const [staying, leaving] = [await dial(link), await dial(link)]
  link.set({ kind: 'blackhole' })
  staying.ask(1)
  leaving.ask(2)
  leaving.socket.end()
  const late = await dial(link)
  late.ask(3)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(echo.seen).toEqual([])
  link.set({ kind: 'none' })
  await vi.waitFor(() => expect(echo.seen.toSorted()).toEqual([1, 2, 3]), SOON)
  await vi.waitFor(() => expect([staying.answered(), late.answered()]).toEqual([8, 8]), SOON)
  staying.socket.destroy()
  late.socket.destroy()
})

it('keeps half-open connections open and empty, and lets new ones work', async () => {
  await using echo = await startEcho()
  await using link = await createLink([echo.address])
  const before = await dial(link)
  before.ask(1)
  await vi.waitFor(() => expect(before.answered()).toBe(8), SOON)
  link.set({ kind: 'half_open' })
  before.ask(2)
  const after = await dial(link)
  after.ask(3)
  await vi.waitFor(() => expect(after.answered()).toBe(8), SOON)
  expect(before.answered()).toBe(8)
  expect(before.socket.destroyed).toBe(false)
  expect(echo.seen).toEqual([1, 3])
  before.socket.destroy()
  after.socket.destroy()
})

it('resets the connections that are open, and takes new ones', async () => {
  await using echo = await startEcho()
  await using link = await createLink([echo.address])
  const before = await dial(link)
  before.ask(1)
  await vi.waitFor(() => expect(before.answered()).toBe(8), SOON)
  const broken = new Promise((resolve) => before.socket.once('close', resolve))
  link.reset()
  await broken
  const after = await dial(link)
  after.ask(2)
  await vi.waitFor(() => expect(after.answered()).toBe(8), SOON)
  after.socket.destroy()
})
