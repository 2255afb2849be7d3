import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { createSystemEnv } from '@kafclaw/env'
import { createLogger, noMetrics } from '@kafclaw/telemetry'
import { expect, it } from 'vitest'
import { createAdminServer } from '../src/admin-server.ts'

const options = {
  address: '127.0.0.1:0',
  live: () => true,
  readiness: () => ({ ready: true, checks: [] }),
  metrics: noMetrics(),
  logger: createLogger({ service: 'test', level: 'silent' }),
  env: createSystemEnv(),
}

it('listens on a port of its own choice and says which', async () => {
  await using server = await createAdminServer(options)
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
  expect((await fetch(`${server.url}/livez`)).status).toBe(200)
})

it('ends at once although a client keeps its connection open', async () => {
  const server = await createAdminServer({ ...options, closeTimeoutMs: 60_000 })
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write('GET /livez HTTP/1.1\r\nhost: a\r\nconnection: keep-alive\r\n\r\n')
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toContain('200 OK')
  const closed = once(socket, 'close')
  await server[Symbol.asyncDispose]()
  await closed
})

it('cuts off a client that never finishes its request when the deadline has passed', async () => {
  const server = await createAdminServer({ ...options, closeTimeoutMs: 50 })
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  const closed = once(socket, 'close')
  await new Promise<void>((resolve) => socket.write('GET /livez HTTP/1.1\r\nhost: ', () => resolve()))
  await server[Symbol.asyncDispose]()
  await closed
})

it('says what to do when the address is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const taken = other.address()
  const port = typeof taken === 'object' && taken !== null ? taken.port : 0
  try {
    await expect(createAdminServer({ ...options, address: `127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'KC_HTTP_CANNOT_LISTEN',
      message: expect.stringMatching(/another process listens there; choose another address with KAFCLAW_ADMIN_ADDR/),
    })
  } finally {
    other.close()
  }
})

it('refuses an address that is none', async () => {
  await expect(createAdminServer({ ...options, address: '9464' })).rejects.toMatchObject({ code: 'KC_CONFIG_INVALID' })
})
