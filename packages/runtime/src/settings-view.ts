import { formatDuration } from './duration.ts'
import type { ReadSettings } from './settings.ts'
import { HIDDEN } from './settings-secret.ts'
import { listSettings, type Origin } from './settings-table.ts'

export interface SettingView {
  variable: string
  /** As it could be set; null when nothing counts. Never a secret. */
  value: string | null
  origin: Origin
}

/** What counts and where it comes from, in the order of the table, for `config view`. */
export function viewSettings({ values, origins }: ReadSettings): SettingView[] {
  return listSettings().map(([key, setting]) => {
    const value = values[key]
    return {
      variable: setting.variable,
      value: value === null ? null : setting.isSecret ? HIDDEN : toText(key, value),
      origin: origins[key],
    }
  })
}

function toText(key: string, value: unknown): string {
  if (Array.isArray(value)) return value.join(',')
  if (key.endsWith('Ms') && typeof value === 'number') return formatDuration(value)
  return String(value)
}
