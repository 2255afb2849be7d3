import {
  type Bindings,
  type ChildLoggerOptions,
  type DestinationStream,
  type LevelWithSilent,
  type Logger,
  pino,
} from 'pino'
import { redact } from './redact.ts'

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
 * Values under the names of secrets are replaced, see `redact`.
 */
export function createLogger({ service, level, destination }: LoggerOptions): Logger {
  const pinoLevel: LevelWithSilent = level
  const logger = pino(
    {
      level: pinoLevel,
      base: { pid: process.pid, service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redact },
      serializers: { err: (error) => redact({ ...pino.stdSerializers.err(error) }) },
    },
    destination ?? openStderr(),
  )
  redactChildren(logger)
  return logger
}

/** pino does not hand the bindings of a child to the formatter of its parent; children inherit this method. */
function redactChildren(logger: Logger): void {
  const { child } = logger
  Object.defineProperty(logger, 'child', {
    value(this: Logger, bindings: Bindings, options?: ChildLoggerOptions): Logger {
      return Reflect.apply(child, this, [redact(bindings), options])
    },
  })
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
