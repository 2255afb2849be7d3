import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { AppError } from '@kafclaw/envelope'
import { type KafkaProperties, parseKafkaProperties } from '@kafclaw/kafka'
import { readSettings, type SettingOverrides, type Settings } from '@kafclaw/runtime'
import { failed, ok, type Verdict, warning } from '../finding.ts'

/** The way to the group as the settings tell it. */
export interface Way {
  brokers: readonly string[]
  properties: KafkaProperties
  group: string
  zone: string
  logLevel: Settings['logLevel']
}

const NAME = 'KAFCLAW_*'

/** Reads what a service would read; without brokers there is no way to check. `way` is null when something is wrong. */
export function checkSettings(
  variables: Readonly<Record<string, string | undefined>>,
  overrides: SettingOverrides,
): { verdicts: Verdict[]; way: Way | null } {
  try {
    const { values, origins, warnings } = readSettings(variables, overrides)
    if (values.kafkaBrokers === null) {
      const advice =
        'Name brokers in KAFCLAW_KAFKA_BROKERS or by --brokers; the embedded log of one machine needs no check.'
      return { verdicts: [failed(NAME, 'no brokers are named', { advice, fault: 'settings' })], way: null }
    }
    const properties = readProperties(values.kafkaProperties)
    const way: Way = {
      brokers: values.kafkaBrokers,
      properties,
      group: values.group,
      zone: values.zone,
      logLevel: origins.logLevel === 'default' ? 'silent' : values.logLevel,
    }
    const doubts = [...warnings, ...properties.notes].map((text) =>
      warning(NAME, text, 'Correct or remove it, so that nobody believes it has an effect.'),
    )
    return { verdicts: [ok(NAME, describe(way)), ...doubts], way }
  } catch (thrown) {
    return { verdicts: problemsOf(thrown), way: null }
  }
}

function readProperties(path: string | null): KafkaProperties {
  return path === null ? parseKafkaProperties('', '.') : parseKafkaProperties(readFileSync(path, 'utf8'), dirname(path))
}

function describe({ brokers, properties, group, zone }: Way): string {
  return `group ${group}, zone ${zone}, security.protocol ${protocolOf(properties)}, brokers ${brokers.join(', ')}`
}

/** The value of security.protocol that leads to these properties. */
export function protocolOf({ ssl, sasl }: KafkaProperties): string {
  if (ssl) return sasl ? 'SASL_SSL' : 'SSL'
  return sasl ? 'SASL_PLAINTEXT' : 'PLAINTEXT'
}

function problemsOf(thrown: unknown): Verdict[] {
  const error = AppError.fromUnknown(thrown, 'KC_CONFIG_INVALID')
  const { problems } = error.details
  const texts = Array.isArray(problems) ? problems.map(String) : [error.message]
  const advice = 'Correct it; docs/configuration.md has every setting.'
  return texts.map((text) => failed(NAME, text, { advice, fault: 'settings' }))
}
