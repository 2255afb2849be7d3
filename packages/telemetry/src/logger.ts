import { type DestinationStream, type LevelWithSilent, type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/** The levels a log line may have, most talkative first; `silent` writes nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface LoggerOptions {
  /** Name of the service, on each line as `service`. */
  service: string
  level: LogLevel
  /** Where lines go, one write each; stderr when missing, because stdout belongs to the data of a command. */
  destination?: DestinationStream
}

export function isLogLevel(text: string): text is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(text)
}

/**
 * Makes the JSON logger of a process: one object a line with `level`, `time` (ISO 8601), `pid`, `service` and `msg`.
 * Values under the names of secrets are replaced, wherever in the first three levels they stand.
 */
export function createLogger({ service, level, destination }: LoggerOptions): Logger {
  const pinoLevel: LevelWithSilent = level
  return pino(
    {
      level: pinoLevel,
      base: { pid: process.pid, service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_PATHS, censor: '[redacted]' },
    },
    destination ?? openStderr(),
  )
}

let stderr: DestinationStream | undefined

/**
 * Lines are written without blocking the event loop: while one write is under way the next lines gather for the
 * following one. pino flushes what is left synchronously when the process exits, after an uncaught error too.
 * All loggers of a process share the one stream, so that their lines never mix within a line.
 */
function openStderr(): DestinationStream {
  stderr ??= pino.destination({ dest: 2, sync: false, minLength: 0 })
  return stderr
}

const SECRET_NAMES = [
  'password',
  'key',
  'token',
  'secret',
  'authorization',
  'Authorization',
  'apiKey',
  'api_key',
  'modelKey',
  'embeddingKey',
  'adminToken',
  'KAFCLAW_MODEL_KEY',
  'KAFCLAW_EMBEDDING_KEY',
  'KAFCLAW_ADMIN_TOKEN',
]

const SECRET_PATHS = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
