import { expect, it } from 'vitest'
import { METRICS } from './metric-table.ts'
import { noMetrics } from './metrics.ts'
import { createMetrics } from './prometheus.ts'

async function valuesOf(metrics: { text(): Promise<string> }): Promise<string[]> {
  return (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

it('counts from the first call on, before prom-client has been loaded', async () => {
  const metrics = createMetrics()
  metrics.counter(METRICS.claims).add(1, { result: 'won' })
  metrics.counter(METRICS.claims).add(2, { result: 'lost' })
  await metrics.text()
  metrics.counter(METRICS.claims).add(1, { result: 'won' })
  expect(await valuesOf(metrics)).toEqual([
    'kafclaw_claims_total{result="won"} 2',
    'kafclaw_claims_total{result="lost"} 2',
  ])
})

it('tells an operator in the help what a rise means', async () => {
  const metrics = createMetrics()
  metrics.gauge(METRICS.outboxOldest).set(3)
  expect(await metrics.text()).toContain(`# HELP kafclaw_outbox_oldest_seconds ${METRICS.outboxOldest.help}`)
  for (const spec of Object.values(METRICS)) expect(spec.help).toMatch(/\brise|risen|Any value above 0/)
})

it('reads a gauge when it is asked for and forgets the values of the last time', async () => {
  const metrics = createMetrics()
  let lag = [{ labels: { topic: 'a' }, value: 5 }]
  metrics.gauge(METRICS.readerLag, () => lag)
  metrics.gauge(METRICS.readerLag, () => [{ labels: { topic: 'b' }, value: 1 }])
  expect(await valuesOf(metrics)).toEqual([
    'kafclaw_reader_lag_records{topic="a"} 5',
    'kafclaw_reader_lag_records{topic="b"} 1',
  ])
  lag = []
  expect(await valuesOf(metrics)).toEqual(['kafclaw_reader_lag_records{topic="b"} 1'])
})

it('still reports the other values when the source of a gauge fails', async () => {
  const metrics = createMetrics()
  metrics.gauge(METRICS.tasksOpen, () => {
    throw new Error('the database is closed')
  })
  metrics.gauge(METRICS.runsRunning, () => 4)
  expect(await valuesOf(metrics)).toContain('kafclaw_runs_running 4')
})

it('sorts commit times into buckets', async () => {
  const metrics = createMetrics()
  const commits = metrics.histogram(METRICS.commitDuration)
  commits.observe(0.7)
  commits.observe(30)
  const lines = await valuesOf(metrics)
  expect(lines).toContain('kafclaw_commit_duration_ms_bucket{le="1"} 1')
  expect(lines).toContain('kafclaw_commit_duration_ms_bucket{le="50"} 2')
  expect(lines).toContain('kafclaw_commit_duration_ms_count 2')
})

it('keeps the metrics of two services in one process apart', async () => {
  const [one, other] = [createMetrics(), createMetrics()]
  one.counter(METRICS.leasesLost).add()
  other.counter(METRICS.leasesLost)
  expect(await valuesOf(one)).toEqual(['kafclaw_leases_lost_total 1'])
  expect(await valuesOf(other)).toEqual(['kafclaw_leases_lost_total 0'])
})

it('has names that are different, begin with kafclaw_ and end in their unit', () => {
  const names = Object.values(METRICS).map((spec) => spec.name)
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(name).toMatch(/^kafclaw_[a-z_]+_(total|ms|seconds|rows|records|open|running)$/)
})

it('costs a one-shot command nothing', async () => {
  const metrics = noMetrics()
  metrics.counter(METRICS.claims).add(1, { result: 'won' })
  metrics.histogram(METRICS.commitDuration).observe(1)
  expect(await metrics.text()).toBe('')
})
