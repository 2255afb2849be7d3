import { parseArgs } from 'node:util'
import { AppError } from '@kafclaw/envelope'
import { type SettingOverrides, VERSION } from '@kafclaw/runtime'
import type { ReportFormat } from './report.ts'

export type CommandLine =
  | { kind: 'run'; overrides: SettingOverrides; format: ReportFormat; strict: boolean; mayProbe: boolean }
  /** Nothing to run: what to print. */
  | { kind: 'tell'; text: string }

const USAGE = `Usage: kshark [options]

Checks the way to Kafka and the group on it, layer by layer. Reads; the only topic it writes to is kafclaw.kshark.probe.

Options:
  -o, --output <format>  table (default) or json
  --brokers <list>       host:port,... (KAFCLAW_KAFKA_BROKERS)
  --group <name>         group to check (KAFCLAW_GROUP)
  --zone <name>          zone of the group (KAFCLAW_ZONE)
  --strict               warnings exit 1
  --no-probe             write nothing: no round trip, no clock
  -h, --help             this text
  --version              the version

Security comes from the Java properties file in KAFCLAW_KAFKA_PROPERTIES; docs/configuration.md has all settings.

Exit codes: 0 all well, 1 the group is not as it must be, 2 usage or settings, 3 brokers not reachable, 4 not let in or
not allowed.
`

/** Reads the arguments of kshark as a program of its own. Error: KC_USAGE. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values } = parse(args)
  if (values.help) return { kind: 'tell', text: USAGE }
  if (values.version) return { kind: 'tell', text: `${VERSION}\n` }
  const format = values.output
  if (format !== 'table' && format !== 'json') {
    throw new AppError('KC_USAGE', `--output takes table or json, not '${format}'; see kshark --help`)
  }
  return {
    kind: 'run',
    overrides: { kafkaBrokers: values.brokers, group: values.group, zone: values.zone },
    format,
    strict: values.strict,
    mayProbe: !values['no-probe'],
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        output: { type: 'string', short: 'o', default: 'table' },
        brokers: { type: 'string' },
        group: { type: 'string' },
        zone: { type: 'string' },
        strict: { type: 'boolean', default: false },
        'no-probe': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new AppError('KC_USAGE', `${reason}; see kshark --help`, { cause: error })
  }
}
