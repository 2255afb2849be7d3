/** What a broker would say of a topic that sets nothing itself, as far as the embedded log has a use for it. */
const DEFAULT_CONFIGS: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'compression.type': 'producer',
  'delete.retention.ms': '86400000',
  'max.message.bytes': '1048588',
  'message.timestamp.type': 'LogAppendTime',
  'retention.ms': '604800000',
}

/** Reads the `configs` column, defaults filled in. */
export function parseConfigs(text: string | undefined): Record<string, string> {
  const configs: Record<string, string> = { ...DEFAULT_CONFIGS }
  const own: unknown = JSON.parse(text ?? '{}')
  if (typeof own !== 'object' || own === null) return configs
  for (const [name, value] of Object.entries(own)) configs[name] = String(value)
  return configs
}

export function isCompacted(configs: Record<string, string>): boolean {
  return (configs['cleanup.policy'] ?? '').split(',').includes('compact')
}

/** null: kept for ever. */
export function retentionMs(configs: Record<string, string>): number | null {
  if (!(configs['cleanup.policy'] ?? 'delete').split(',').includes('delete')) return null
  const ms = Number(configs['retention.ms'] ?? -1)
  return Number.isFinite(ms) && ms >= 0 ? ms : null
}
