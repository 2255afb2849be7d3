import type { Logger } from '@kafclaw/telemetry'
import loggers from 'kafkajs/src/loggers/index.js'

/**
 * kafkajs's log into ours, at debug: everything it complains of reaches the caller as an error or an event, where it is logged
 * once, and much of what it calls an error is an ordinary retry. Its line per request only at trace.
 */
export function createKafkajsLogger(logger: Logger): unknown {
  const traced = logger.isLevelEnabled('trace')
  return loggers.createLogger({
    level: traced
      ? loggers.LEVELS.DEBUG
      : logger.isLevelEnabled('debug')
        ? loggers.LEVELS.WARN
        : loggers.LEVELS.NOTHING,
    logCreator: () => (entry) => {
      const { message, timestamp: _time, logger: _name, ...fields } = entry.log
      const line = { kafkajs: entry.namespace, ...fields }
      if (entry.level === loggers.LEVELS.DEBUG) logger.trace(line, message)
      else logger.debug(line, message)
    },
  })
}
