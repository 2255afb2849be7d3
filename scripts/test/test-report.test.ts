import { expect, it } from 'vitest'
import { compareLogContracts } from './log-contract.ts'
import { countTests, type TestReport } from './test-report.ts'

const file = (name: string, ...statuses: string[]) => ({
  name: `/checkout/${name}`,
  status: statuses.includes('failed') ? 'failed' : 'passed',
  assertionResults: statuses.map((status) => ({ status })),
})
const report = (...testResults: TestReport['testResults']): TestReport => ({
  success: testResults.every((result) => result.status !== 'failed'),
  testResults,
})
const embedded = (...statuses: string[]) => file('packages/kafka/test/log-contract.embedded.test.ts', ...statuses)
const kafka = (...statuses: string[]) => file('packages/kafka/test/log-contract.kafka.broker.test.ts', ...statuses)

it('counts passed and failed tests and leaves skipped ones out', () => {
  expect(countTests(report(file('a', 'passed', 'failed'), file('b', 'passed', 'skipped')))).toEqual({
    passed: 2,
    failed: 1,
  })
})

it('counts a file that could not be loaded as a failed test', () => {
  expect(countTests(report({ ...file('a'), status: 'failed' }, file('b', 'passed')))).toEqual({ passed: 1, failed: 1 })
})

it('counts a run that failed outside of any test', () => {
  expect(countTests({ ...report(file('a', 'passed')), success: false })).toEqual({ passed: 1, failed: 1 })
})

it('accepts the two forms of the log only when both passed the same number of tests', () => {
  expect(compareLogContracts(report(embedded('passed'), kafka('passed')), 'Apache Kafka 4.4.0')).toEqual({
    line: 'contract log: embedded 1, kafka 1 (Apache Kafka 4.4.0)',
    ok: true,
  })
  expect(compareLogContracts(report(embedded('passed', 'passed'), kafka('passed', 'failed')), 'x').ok).toBe(false)
  expect(compareLogContracts(report(embedded('passed'), kafka('skipped')), 'x').ok).toBe(false)
  expect(compareLogContracts(report(), 'x').ok).toBe(false)
})

it('says when the tests on Kafka were left out', () => {
  expect(compareLogContracts(report(embedded('passed')), null)).toEqual({
    line: 'contract log: embedded 1, kafka left out',
    ok: true,
  })
})
