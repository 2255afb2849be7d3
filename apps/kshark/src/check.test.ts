import { createVirtualEnv } from '@kafclaw/env/testing'
import { AppError } from '@kafclaw/envelope'
import { expect, it } from 'vitest'
import { type Check, runChecks } from './check.ts'
import { failed, type Layer, ok, skipped, type Verdict } from './finding.ts'

const subject = { name: 'kafka-1:9092' }
const env = createVirtualEnv()

function check(layer: Layer, needs: Layer[], run: () => Verdict[]): Check<typeof subject> {
  return { layer, needs, run: async () => run() }
}

const states = async (checks: Check<typeof subject>[]): Promise<string[]> =>
  (await runChecks(checks, subject, { env })).map(({ layer, status, seen }) => `${layer} ${status} ${seen}`)

it('skips what needs a failed layer, and what needs that, and runs the rest', async () => {
  const checks = [
    check('dns', [], () => [failed('x', 'no such name', { advice: '', fault: 'connection' })]),
    check('tcp', ['dns'], () => [ok('x', 'never asked')]),
    check('tls', ['tcp'], () => [ok('x', 'never asked')]),
    check('zone', [], () => [ok('x', 'asked')]),
  ]
  expect(await states(checks)).toEqual([
    'dns failed no such name',
    'tcp skipped because dns failed',
    'tls skipped because dns failed',
    'zone ok asked',
  ])
})

it('goes on behind a layer that does not apply', async () => {
  const checks = [check('tls', [], () => [skipped('x', 'no TLS')]), check('sasl', ['tls'], () => [ok('x', 'asked')])]
  expect(await states(checks)).toEqual(['tls skipped no TLS', 'sasl ok asked'])
})

it('takes what a check throws as its answer, with the fault of its code', async () => {
  const broken = check('topics', [], () => {
    throw new AppError('KC_KAFKA_NOT_AUTHORISED', 'This user may not use topic x')
  })
  expect(await runChecks([broken], subject, { env })).toMatchObject([
    { status: 'failed', fault: 'access', name: 'kafka-1:9092', seen: 'This user may not use topic x' },
  ])
})

it('tells each finding as soon as there is one', async () => {
  const told: string[] = []
  const checks = [
    check('dns', [], () => [ok('x', 'first')]),
    check('tcp', [], () => {
      expect(told).toEqual(['first'])
      return [ok('x', 'second')]
    }),
  ]
  await runChecks(checks, subject, { env, onFinding: ({ seen }) => void told.push(seen) })
  expect(told).toEqual(['first', 'second'])
})
