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

it('never writes a secret, at any of the first three levels', () => {
  const { lines, destination } = collect()
  const logger = createLogger({ service: 's', level: 'info', destination })
  const secret = 'hunter2'
  for (const name of ['password', 'key', 'token', 'secret', 'authorization', 'adminToken', 'KAFCLAW_MODEL_KEY']) {
    logger.info({ [name]: secret, settings: { [name]: secret, sasl: { [name]: secret } } }, 'made')
  }
  expect(lines).toHaveLength(7)
  expect(JSON.stringify(lines)).not.toContain(secret)
  expect(lines[0]).toMatchObject({ password: '[redacted]', settings: { sasl: { password: '[redacted]' } } })
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
