import type { Env } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import { formatAddress, readAddress } from '@kafclaw/http/address'
import { type BrokerAddress, createKafkaInspector, createKafkaLog, type KafkaInspector } from '@kafclaw/kafka'
import type { SettingOverrides } from '@kafclaw/runtime'
import { createLogger, type Logger } from '@kafclaw/telemetry'
import { BROKER_CHECKS, checkBrokers } from './broker-path.ts'
import { type BrokerSubject, createBrokerSubject } from './broker-subject.ts'
import { runChecks, skipChecks } from './check.ts'
import { checkSettings, type Way } from './checks/settings.ts'
import { toExitCode } from './exit-code.ts'
import type { Finding } from './finding.ts'
import { GROUP_CHECKS } from './group-path.ts'
import { createGroupSubject } from './group-subject.ts'
import { createReport, type ReportFormat, type ReportStream } from './report.ts'

export interface KsharkRequest {
  env: Env
  variables: Readonly<Record<string, string | undefined>>
  /** Settings given as flags. */
  overrides: SettingOverrides
  format: ReportFormat
  /** Warnings make the exit code 1. */
  strict: boolean
  /** Whether records may be written to kshark's own topic. */
  mayProbe: boolean
  stdout: ReportStream
  stderr: ReportStream
}

const CLIENT_ID = 'kafclaw-kshark'
const TIMEOUT_MS = 5_000
const NARROWEST_NAME = 21

/**
 * Checks the way to Kafka and the group on it, layer by layer, and tells what it sees on stdout. Returns the exit code: 0 all
 * well, 1 the group is not as it must be, 2 settings, 3 brokers out of reach, 4 not let in or not allowed.
 */
export async function kshark(request: KsharkRequest): Promise<number> {
  const { variables, overrides, strict } = request
  const { verdicts, way } = checkSettings(variables, overrides)
  const brokers = way?.brokers ?? []
  const nameWidth = Math.max(NARROWEST_NAME, ...brokers.map((broker) => broker.length))
  const report = createReport({ ...request, nameWidth })
  const findings: Finding[] = []
  const add = (finding: Finding): void => {
    findings.push(finding)
    report.add(finding)
  }
  for (const verdict of verdicts) add({ ...verdict, layer: 'settings', durationMs: null })
  if (way) await checkWay(way, { ...request, add })
  else for (const finding of skipChecks([...BROKER_CHECKS, ...GROUP_CHECKS], '-', 'settings')) add(finding)
  const exitCode = toExitCode(findings, strict)
  report.end({ group: way?.group ?? null, zone: way?.zone ?? null, brokers }, exitCode)
  return exitCode
}

async function checkWay(
  way: Way,
  { env, mayProbe, add }: { env: Env; mayProbe: boolean; add: (finding: Finding) => void },
): Promise<void> {
  const logger = createLogger({ service: 'kshark', level: way.logLevel })
  const { properties } = way
  const inspector = createKafkaInspector({ clientId: CLIENT_ID, properties, logger, timeoutMs: TIMEOUT_MS })
  const subjects = way.brokers.map((broker) =>
    createBrokerSubject({ address: toAddress(broker), properties, env, inspector, timeoutMs: TIMEOUT_MS }),
  )
  const { findings, entered } = await checkBrokers(subjects)
  for (const finding of findings) add(finding)
  const [entry] = entered
  if (entry) return checkGroup(entry, { way, entered, env, logger, inspector, mayProbe, add })
  for (const finding of skipChecks(GROUP_CHECKS, `${way.group}/${way.zone}`, 'every broker')) add(finding)
}

async function checkGroup(
  entry: BrokerSubject,
  options: {
    way: Way
    entered: readonly BrokerSubject[]
    env: Env
    logger: Logger
    inspector: KafkaInspector
    mayProbe: boolean
    add: (finding: Finding) => void
  },
): Promise<void> {
  const { way, entered, env, logger, inspector, mayProbe, add } = options
  const log = createKafkaLog({
    // Only those that answer: the others have had their time.
    brokers: entered.map(({ address }) => formatAddress(address)),
    clientId: CLIENT_ID,
    properties: way.properties,
    env,
    logger,
  })
  try {
    const views = await Promise.all(entered.map(async ({ name, metadata }) => ({ name, metadata: await metadata() })))
    const scope = { group: way.group, zone: way.zone }
    const subject = createGroupSubject({ scope, env, log, inspector, entry: entry.address, views, mayProbe })
    await runChecks(GROUP_CHECKS, subject, { env, onFinding: add })
  } finally {
    await log.close()
  }
}

function toAddress(broker: string): BrokerAddress {
  const address = readAddress(broker)
  // The settings have read it the same way.
  if (!address) throw new AppError('KC_CONFIG_INVALID', `"${broker}" is not a broker address; write host:port`)
  return address
}
