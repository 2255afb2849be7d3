export { logCrashes } from './crash-log.ts'
export { createLogger, isLogLevel, LOG_LEVELS, type Logger, type LoggerOptions, type LogLevel } from './logger.ts'
export { METRICS } from './metric-table.ts'
export {
  type Counter,
  type Gauge,
  type Histogram,
  type HistogramSpec,
  type LabelledValue,
  type Labels,
  type MetricSpec,
  type Metrics,
  noMetrics,
  type ReadGauge,
} from './metrics.ts'
export { createMetrics } from './prometheus.ts'
export { GEN_AI, GEN_AI_OPERATIONS, withSpan } from './span.ts'
