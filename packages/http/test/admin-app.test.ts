import { AppError } from '@kafclaw/envelope'
import { createLogger, createMetrics, METRICS } from '@kafclaw/telemetry'
import { expect, it } from 'vitest'
import { type AdminAppOptions, createAdminApp } from '../src/admin-app.ts'

const checks = [{ name: 'kafka', ok: false, detail: 'no broker answers at 127.0.0.1:1; tried again in 2 s' }]

function createApp(options: Partial<AdminAppOptions> = {}) {
  const logged: Array<Record<string, unknown>> = []
  const destination = { write: (line: string) => void logged.push(JSON.parse(line)) }
  const app = createAdminApp({
    live: () => true,
    readiness: () => ({ ready: true, checks: [] }),
    metrics: createMetrics(),
    logger: createLogger({ service: 'test', level: 'info', destination }),
    ...options,
  })
  return { app, logged }
}

async function get(options: Partial<AdminAppOptions>, url: string, headers: Record<string, string> = {}) {
  const app = await createApp(options).app
  return app.inject({ method: 'GET', url, headers })
}

it('answers 200 on /livez while the process is alive, and 503 when it gave up', async () => {
  const alive = await get({}, '/livez')
  expect([alive.statusCode, alive.json()]).toEqual([200, { live: true }])
  const dead = await get({ live: () => false }, '/livez')
  expect([dead.statusCode, dead.json()]).toEqual([503, { live: false }])
})

it('never asks for the readiness, which may wait for Kafka, on /livez', async () => {
  const readiness = () => {
    throw new Error('asked')
  }
  expect((await get({ readiness }, '/livez')).statusCode).toBe(200)
})

it('answers 200 on /readyz when ready, and 503 without the reasons when not', async () => {
  expect((await get({}, '/readyz')).statusCode).toBe(200)
  const notReady = await get({ readiness: () => ({ ready: false, checks }) }, '/readyz')
  expect([notReady.statusCode, notReady.json()]).toEqual([503, { ready: false }])
  expect(notReady.headers['cache-control']).toBe('no-store')
})

it.each(['/readyz?verbose', '/readyz?verbose=1'])('tells on %s what it waits for', async (url) => {
  const answer = await get({ readiness: () => ({ ready: false, checks }) }, url)
  expect([answer.statusCode, answer.json()]).toEqual([503, { ready: false, checks }])
})

it('gives the metrics in the format of Prometheus', async () => {
  const metrics = createMetrics()
  metrics.gauge(METRICS.outboxRows).set(3)
  const answer = await get({ metrics }, '/metrics')
  expect(answer.statusCode).toBe(200)
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(answer.body).toContain('\nkafclaw_outbox_rows 3\n')
})

it.each(['/metrics', '/readyz?verbose'])('wants the token on %s when there is one', async (url) => {
  const token = 'correct-horse'
  for (const authorization of [undefined, 'Bearer wrong', `Basic ${token}`, `Bearer ${token}x`]) {
    const refused = await get({ token }, url, authorization ? { authorization } : {})
    expect(refused.statusCode).toBe(401)
    expect(refused.headers['www-authenticate']).toBe('Bearer')
    expect(refused.headers['content-type']).toContain('application/problem+json')
    expect(refused.json()).toMatchObject({ status: 401, code: 'KC_HTTP_NOT_AUTHENTICATED' })
  }
  expect((await get({ token }, url, { authorization: `Bearer ${token}` })).statusCode).toBe(200)
})

it.each(['/livez', '/readyz'])('leaves %s open for probes when there is a token', async (url) => {
  expect((await get({ token: 'correct-horse' }, url)).statusCode).toBe(200)
})

it('answers 404 as problem+json for a path that is not there', async () => {
  const answer = await get({}, '/nothing?token=hunter2')
  expect(answer.statusCode).toBe(404)
  expect(answer.json()).toEqual({
    type: 'urn:kafclaw:error:KC_NOT_FOUND',
    title: 'Not found',
    status: 404,
    detail: expect.any(String),
    code: 'KC_NOT_FOUND',
    retryable: false,
  })
  expect(answer.body).not.toContain('hunter2')
})

it('answers 400 for a path that cannot be decoded', async () => {
  const answer = await get({}, '/%zz')
  expect([answer.statusCode, answer.json().code]).toEqual([400, 'KC_HTTP_BAD_REQUEST'])
})

it('answers with the status and the public text of an AppError, and logs what is only for us', async () => {
  const { app, logged } = createApp({
    readiness: () => {
      throw new AppError('KC_STORAGE_BUSY', 'state.db of /var/lib/kafclaw is locked by 4711')
    },
  })
  const answer = await (await app).inject('/readyz')
  expect(answer.statusCode).toBe(503)
  expect(answer.json()).toMatchObject({ code: 'KC_STORAGE_BUSY', retryable: true })
  expect(answer.body).not.toContain('4711')
  expect(logged).toMatchObject([{ level: 'error', url: '/readyz', err: { message: expect.stringContaining('4711') } }])
})

it('answers 500 for an error that nobody foresaw, without its text', async () => {
  const live = () => {
    throw new TypeError('cannot read secret of undefined')
  }
  const answer = await get({ live }, '/livez')
  expect([answer.statusCode, answer.json().code]).toEqual([500, 'KC_BUG'])
  expect(answer.body).not.toContain('secret')
})
