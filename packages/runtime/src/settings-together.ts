import { type Origin, type RawSettings, SETTINGS, type SettingKey } from './settings-table.ts'

export interface SettingsRead {
  /** Without those that have a problem of their own. */
  read: Partial<RawSettings>
  origins: Readonly<Record<SettingKey, Origin>>
}

const ENDPOINTS = [
  ['modelUrl', 'model', 'modelKey'],
  ['embeddingUrl', 'embeddingModel', 'embeddingKey'],
] as const

/** Finds settings that are right by themselves but not beside the others. */
export function checkTogether({ read, origins }: SettingsRead): { problems: string[]; warnings: string[] } {
  const problems: string[] = []
  const warnings: string[] = []
  if (read.kafkaBrokers && origins.group === 'default') {
    problems.push('KAFCLAW_GROUP is not set: on Kafka it must be, because all members with the same name work together')
  }
  if (read.mode === 'local' && read.kafkaBrokers) {
    problems.push('KAFCLAW_MODE is "local", but KAFCLAW_KAFKA_BROKERS is set: expected one of the two to be left out')
  }
  if (read.mode === 'local-kafka' && read.kafkaBrokers === null) {
    problems.push('KAFCLAW_KAFKA_BROKERS is not set: KAFCLAW_MODE "local-kafka" needs it')
  }
  if (read.kafkaBrokers === null && read.kafkaProperties) {
    warnings.push('KAFCLAW_KAFKA_PROPERTIES has no effect: KAFCLAW_KAFKA_BROKERS is not set')
  }
  for (const [url, model, key] of ENDPOINTS) {
    const name = { url: SETTINGS[url].variable, model: SETTINGS[model].variable, key: SETTINGS[key].variable }
    if (read[url] && read[model] === null) problems.push(`${name.model} is not set: ${name.url} needs it`)
    if (read[url] === null && read[model]) problems.push(`${name.url} is not set: ${name.model} needs it`)
    if (read[url] === null && read[key]) warnings.push(`${name.key} has no effect: ${name.url} is not set`)
  }
  return { problems, warnings }
}
