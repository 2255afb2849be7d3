import type * as Prom from 'prom-client'
import {
  type Counter,
  type Gauge,
  type Histogram,
  type HistogramSpec,
  type MetricSpec,
  type Metrics,
  PROMETHEUS_TEXT,
  type ReadGauge,
} from './metrics.ts'

/**
 * Makes metrics with a registry of their own. prom-client is loaded when `started` says that the service has time for it, at once
 * when missing: what is counted in the meantime is kept and applied when it has arrived.
 */
export function createMetrics({ started = Promise.resolve() }: { started?: Promise<void> } = {}): Metrics {
  const loaded = loadRegistry(started)
  const counters = new Map<string, Counter>()
  const gauges = new Map<string, { gauge: Gauge; reads: ReadGauge[] }>()
  const histograms = new Map<string, Histogram>()

  function counter(spec: MetricSpec): Counter {
    return getOrMake(counters, spec.name, () => {
      const withMetric = defer(loaded, ({ prom, registry }) => new prom.Counter(toConfig(spec, registry)))
      return { add: (n = 1, labels = {}) => withMetric((metric) => metric.inc(labels, n)) }
    })
  }

  function gauge(spec: MetricSpec, read?: ReadGauge): Gauge {
    const made = getOrMake(gauges, spec.name, () => {
      const reads: ReadGauge[] = []
      const withMetric = defer(loaded, ({ prom, registry }) => {
        const metric: Prom.Gauge = new prom.Gauge({
          ...toConfig(spec, registry),
          collect: () => collectGauge(metric, reads),
        })
        return metric
      })
      return { gauge: { set: (value, labels = {}) => withMetric((metric) => metric.set(labels, value)) }, reads }
    })
    if (read) made.reads.push(read)
    return made.gauge
  }

  function histogram(spec: HistogramSpec): Histogram {
    return getOrMake(histograms, spec.name, () => {
      const withMetric = defer(
        loaded,
        ({ prom, registry }) => new prom.Histogram({ ...toConfig(spec, registry), buckets: [...spec.bucketsMs] }),
      )
      return { observe: (ms, labels = {}) => withMetric((metric) => metric.observe(labels, ms)) }
    })
  }

  return {
    counter,
    gauge,
    histogram,
    text: async () => (await loaded).registry.metrics(),
    contentType: PROMETHEUS_TEXT,
  }
}

interface Loaded {
  prom: (typeof Prom)['default']
  registry: Prom.Registry
}

function loadRegistry(started: Promise<void>): Promise<Loaded> {
  const loaded = started
    .then(() => import('prom-client'))
    .then((module) => {
      const prom = module.default
      return { prom, registry: new prom.Registry() }
    })
  // A library that cannot be loaded is reported by text(), not as an unhandled rejection that ends the service.
  loaded.catch(() => undefined)
  return loaded
}

/** Gives a way to use a metric that may not be there yet; until then the uses wait in order. */
function defer<T>(loaded: Promise<Loaded>, make: (loaded: Loaded) => T): (use: (metric: T) => void) => void {
  let metric: T | undefined
  let waiting: Array<(metric: T) => void> | undefined = []
  loaded
    .then((value) => {
      const made = make(value)
      metric = made
      for (const use of waiting ?? []) use(made)
    })
    .catch(() => undefined)
    .finally(() => {
      waiting = undefined
    })
  return (use) => {
    if (metric === undefined) waiting?.push(use)
    else use(metric)
  }
}

/** A source that fails, for example because its database has been closed, says nothing; the others still do. */
function collectGauge(metric: Prom.Gauge, reads: readonly ReadGauge[]): void {
  if (reads.length > 0) metric.reset()
  for (const read of reads) {
    try {
      const values = read()
      if (typeof values === 'number') metric.set(values)
      else for (const { labels, value } of values) metric.set(labels, value)
    } catch {
      // said above
    }
  }
}

function toConfig(spec: MetricSpec, registry: Loaded['registry']) {
  return { name: spec.name, help: spec.help, labelNames: [...(spec.labels ?? [])], registers: [registry] }
}

function getOrMake<T>(map: Map<string, T>, name: string, make: () => T): T {
  const found = map.get(name)
  if (found !== undefined) return found
  const made = make()
  map.set(name, made)
  return made
}
