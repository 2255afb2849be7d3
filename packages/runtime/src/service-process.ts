import { flushCompileCache } from 'node:module'
import { createSystemEnv, type Env, sleep } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { AdminServer } from '@kafclaw/http'
import { createLogger, createMetrics, type Logger, logCrashes } from '@kafclaw/telemetry'
import { EXIT, toExitCode } from './exit-codes.ts'
import { type Host, openHost, type Service } from './host.ts'
import type { MemberEnd } from './member.ts'
import { answerArguments } from './service-usage.ts'
import { readSettings, type SettingOverrides } from './settings.ts'
import type { Service as ServiceName, Variables } from './settings-table.ts'

export interface ServiceProcess {
  /** Named as its folder under apps/. */
  name: ServiceName
  /** What stood behind the name of the program; `--help` and `--version` are answered, all else is refused. */
  args?: readonly string[]
  variables: Variables
  overrides?: SettingOverrides
  create(host: Host): Service | Promise<Service>
}

/**
 * Runs one service until a signal or its end: settings, log, admin port, ready line, graceful stop.
 * Returns the exit code of the process; errors are written to stderr for a person, in the words of their AppError.
 */
export async function runServiceProcess(process_: ServiceProcess): Promise<number> {
  const { name, args = [] } = process_
  const answer = answerArguments(name, args)
  if (answer) {
    process.stdout.write(answer.stdout)
    process.stderr.write(answer.stderr)
    return answer.exitCode
  }
  try {
    const { values: settings, warnings } = readSettings(process_.variables, process_.overrides)
    const logger = createLogger({ service: name, level: settings.logLevel })
    logCrashes(logger)
    for (const warning of warnings) logger.warn(warning)
    const started = Promise.withResolvers<void>()
    await using host = openHost({
      env: createSystemEnv(),
      logger,
      metrics: createMetrics({ started: started.promise }),
      settings,
      clientId: `kafclaw-${name}`,
    })
    return await runService(host, { ...process_, onStarted: started.resolve })
  } catch (error) {
    const known = AppError.fromUnknown(error, 'KC_BUG')
    process.stderr.write(`${name}: ${known.message}\n`)
    return toExitCode(known)
  }
}

async function runService(
  host: Host,
  { name, create, onStarted }: ServiceProcess & { onStarted(): void },
): Promise<number> {
  const { logger, settings } = host
  const service = await create(host)
  const stopWatching = stopOnSignal(service, logger)
  try {
    await Promise.race([tasksGoOn(host.env, service), service.ended])
    onStarted()
    await using admin = await openAdmin(host, service)
    logger.info({ admin: admin.url, id: service.id, group: settings.group, mode: settings.mode }, `${name} has started`)
    service.whenReady().then(
      () => {
        logger.info({ admin: admin.url, id: service.id }, `${name} is ready`)
        // A process that is killed keeps nothing at its end.
        flushCompileCache()
      },
      () => undefined,
    )
    return toEndCode(await service.ended, logger)
  } finally {
    stopWatching()
  }
}

async function openAdmin({ env, settings, metrics, logger }: Host, service: Service): Promise<AdminServer> {
  try {
    const { createAdminServer } = await import('@kafclaw/http')
    return await createAdminServer({
      env,
      address: settings.adminAddress,
      live: () => true,
      readiness: service.readiness,
      metrics,
      logger,
      ...(settings.adminToken === null ? {} : { token: settings.adminToken.reveal() }),
    })
  } catch (error) {
    await service.stop()
    throw error
  }
}

const ADMIN_AFTER_READY_MS = 500
const ADMIN_AT_LAST_MS = 2000

/**
 * Loading the HTTP server and the metrics keeps the process busy for a good part of the time that a restart takes: what was open
 * goes on first. A service that has to wait for Kafka tells so two seconds after its start.
 */
async function tasksGoOn(env: Env, service: Service): Promise<void> {
  const over = new AbortController()
  const isReady = service.whenReady().then(() => sleep(env, ADMIN_AFTER_READY_MS, over.signal))
  await Promise.race([isReady, sleep(env, ADMIN_AT_LAST_MS, over.signal)])
  over.abort()
}

/** The first signal stops gracefully, the second at once: what was accepted is stored anyway. */
function stopOnSignal(service: Service, logger: Logger): () => void {
  let asked = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(EXIT.interrupted)
    asked = true
    logger.info({ signal }, 'stopping; a second signal stops at once')
    service.stop().catch((error: unknown) => logger.error({ err: error }, 'the service could not be stopped in order'))
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return () => {
    process.off('SIGTERM', onSignal)
    process.off('SIGINT', onSignal)
  }
}

export function toEndCode(end: MemberEnd, logger: Logger): number {
  switch (end.reason) {
    case 'stopped':
      logger.info('stopped')
      return EXIT.done
    case 'replaced':
      return EXIT.replaced
    case 'abandoned':
      return EXIT.notGood
    case 'failed':
      logger.fatal({ err: end.error }, `the service has failed: ${end.error.message}`)
      return toExitCode(end.error)
  }
}
