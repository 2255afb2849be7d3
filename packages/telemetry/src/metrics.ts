/** What a metric is called and means; `labels` are the names that a value may carry. */
export interface MetricSpec {
  name: string
  help: string
  labels?: readonly string[]
}

export interface HistogramSpec extends MetricSpec {
  /** Upper bounds of the buckets, milliseconds, ascending. */
  bucketsMs: readonly number[]
}

export type Labels = Readonly<Record<string, string>>

export interface Counter {
  /** Adds `n` (1 when missing), which must not be negative. */
  add(n?: number, labels?: Labels): void
}

export interface Gauge {
  set(value: number, labels?: Labels): void
}

export interface Histogram {
  observe(ms: number, labels?: Labels): void
}

export interface LabelledValue {
  labels: Labels
  value: number
}

/** Looked at when metrics are asked for; the list form replaces all earlier values of the gauge. */
export type ReadGauge = () => number | readonly LabelledValue[]

/** The metrics of one service. Asking twice for one name gives the same metric. */
export interface Metrics {
  counter(spec: MetricSpec): Counter
  gauge(spec: MetricSpec, read?: ReadGauge): Gauge
  histogram(spec: HistogramSpec): Histogram
  /** All metrics in the text format of Prometheus. */
  text(): Promise<string>
  readonly contentType: string
}

/** Metrics that nobody will ask for, for one-shot commands: they cost nothing and remember nothing. */
export function noMetrics(): Metrics {
  const ignore = { add: () => undefined, set: () => undefined, observe: () => undefined }
  return {
    counter: () => ignore,
    gauge: () => ignore,
    histogram: () => ignore,
    text: async () => '',
    contentType: PROMETHEUS_TEXT,
  }
}

/** Content type of the Prometheus text format 0.0.4. */
export const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8'
