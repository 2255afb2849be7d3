import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { createLogger, isLogLevel } from './logger.ts'

function collect() {
  const lines: Array<Record<string, unknown>> = []
  return { lines, destination: { write: (line: string) => void lines.push(JSON.parse(line)) } }
}

/** Runs a module in a process of its own; what arrives on stderr is what an operator would see. */
function runProcess(body: string) {
  const source = `import { createLogger, logCrashes } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}
    const logger = createLogger({ service: 'agent-worker', level: 'info' })
    ${body}`
  const result = spawnSync(
    process.execPath,
    ['-C', '@kafclaw/source', '--no-warnings', '--input-type=module', '-e', source],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  const lines = result.stderr.split('\n').filter((line) => line.startsWith('{"level"'))
  return { ...result, logged: lines.map((line) => JSON.parse(line)) }
}

it('writes one JSON object a line with level, time, service and message', () => {
  const { lines, destination } = collect()
  createLogger({ service: 'audit-sink', level: 'info', destination }).info({ topic: 't' }, 'caught up')
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      pid: process.pid,
      service: 'audit-sink',
      topic: 't',
      msg: 'caught up',
    },
  ])
})

it('leaves out lines below its level', () => {
  const { lines, destination } = collect()
  const logger = createLogger({ service: 's', level: 'warn', destination })
  logger.info('not said')
  logger.warn('said')
  expect(lines.map((line) => line.msg)).toEqual(['said'])
})

it.each([
  ['password', 'key', 'token', 'secret', 'authorization', 'Authorization'],
  ['adminToken', 'api_key', 'KAFCLAW_MODEL_KEY', 'x-api-key', 'sasl.jaas.config', 'ssl.key.password'],
])('never writes what stands under %s, %s, %s, %s, %s or %s', (...names) => {
  const { lines, destination } = collect()
  const logger = createLogger({ service: 's', level: 'info', destination })
  for (const name of names) {
    const secrets = { [name]: 'hunter2', deep: [{ er: { [name]: 'hunter2' } }] }
    logger.info(secrets, 'made')
    logger.child({ topic: 't' }).child(secrets).info('made')
    logger.error({ err: Object.assign(new Error('failed'), { details: secrets }) }, 'failed')
  }
  expect(lines).toHaveLength(3 * names.length)
  expect(JSON.stringify(lines)).not.toContain('hunter2')
  expect(lines[0]).toMatchObject({ [names[0] ?? '']: '[redacted]' })
})

it('writes what only sounds like a secret', () => {
  const { lines, destination } = collect()
  const fields = { input_tokens: 5, idempotency_key: 'i', keys: ['a'], password: null, topic: 't' }
  createLogger({ service: 's', level: 'info', destination }).info(fields, 'said')
  expect(lines[0]).toMatchObject(fields)
})

it('writes an error with its code, details and cause', () => {
  const { lines, destination } = collect()
  const err = Object.assign(new Error('failed', { cause: new Error('disk full') }), { code: 'KC_X', details: { a: 1 } })
  createLogger({ service: 's', level: 'info', destination }).error({ err }, 'said')
  expect(lines[0]?.err).toMatchObject({ code: 'KC_X', details: { a: 1 }, stack: expect.stringContaining('disk full') })
})

it('does not stop at an object that contains itself', () => {
  const { lines, destination } = collect()
  const cycle: Record<string, unknown> = { name: 'a' }
  cycle.self = cycle
  createLogger({ service: 's', level: 'info', destination }).info({ cycle, list: [cycle] }, 'said')
  expect(lines).toHaveLength(1)
})

it('tells the names of levels from other words', () => {
  expect(isLogLevel('debug')).toBe(true)
  expect(isLogLevel('verbose')).toBe(false)
  expect(isLogLevel('toString')).toBe(false)
})

it('loses no line when the process exits at once', () => {
  const { logged, status } = runProcess(`for (let i = 0; i < 20000; i++) logger.info({ i }, 'line'); process.exit(7)`)
  expect(status).toBe(7)
  expect(logged.map((line) => line.i)).toEqual(Array.from({ length: 20_000 }, (_, i) => i))
})

it('ends by itself when there is nothing left to do, with every line written', () => {
  const { logged, status } = runProcess(`for (let i = 0; i < 1000; i++) logger.info({ i }, 'line')`)
  expect(status).toBe(0)
  expect(logged).toHaveLength(1000)
})

it.each([
  ['an uncaught error', `setTimeout(() => { throw new Error('broken') })`],
  ['an unhandled rejection', `Promise.reject(new Error('broken'))`],
])('keeps the lines before %s and names it in the last one', (_, body) => {
  const { logged, status } = runProcess(`logCrashes(logger); logger.info('before'); ${body}`)
  expect(status).toBe(1)
  expect(logged.map((line) => [line.level, line.msg])).toEqual([
    ['info', 'before'],
    ['fatal', 'the process ends because of an error that nothing handled'],
  ])
  expect(logged[1].err.message).toBe('broken')
})
