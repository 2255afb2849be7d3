import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { AppError } from '@kafclaw/envelope'
import {
  listSettings,
  type Mode,
  type Origin,
  type RawSettings,
  type Setting,
  type SettingKey,
  type Variables,
} from './settings-table.ts'
import { checkTogether } from './settings-together.ts'
import { findUnknownVariables } from './settings-unknown.ts'

/** Texts given on the command line; they count before everything else. */
export type SettingOverrides = Partial<Readonly<Record<SettingKey, string | undefined>>>

/** All settings, complete but for those that may be missing. Secrets have to be revealed to be read. */
export type Settings = Omit<RawSettings, 'mode' | 'dataDir'> & { readonly mode: Mode; readonly dataDir: string }

export interface ReadSettings {
  values: Settings
  origins: Readonly<Record<SettingKey, Origin>>
  /** What is probably a mistake but harms nothing, one sentence each. */
  warnings: readonly string[]
}

/**
 * Reads every setting: a flag counts before the environment, that before the file named by `<variable>_FILE` (secrets
 * only), that before the default. An empty value is none. Error: KC_CONFIG_INVALID naming all problems at once, each
 * with the variable, its value (never that of a secret) and what is expected.
 */
export function readSettings(env: Variables, overrides: SettingOverrides = {}): ReadSettings {
  const problems: string[] = []
  const origins: Partial<Record<SettingKey, Origin>> = {}
  const read: Partial<Record<SettingKey, unknown>> = {}
  for (const [key, setting] of listSettings()) {
    const source = findSource(setting, overrides[key], env)
    origins[key] = source.origin
    if ('problem' in source) problems.push(source.problem)
    else if (source.text === null) read[key] = null
    else {
      const value = setting.kind.read(source.text)
      if (value === null) problems.push(describeProblem(setting, source))
      else read[key] = value
    }
  }
  const complete = { origins: origins as Record<SettingKey, Origin>, read: read as Partial<RawSettings> }
  const together = checkTogether(complete)
  problems.push(...together.problems)
  if (problems.length > 0) throw configInvalid(problems)

  const raw = complete.read as RawSettings
  return {
    values: {
      ...raw,
      mode: raw.mode ?? (raw.kafkaBrokers ? 'local-kafka' : 'local'),
      dataDir: raw.dataDir ?? defaultDataDir(env),
    },
    origins: complete.origins,
    warnings: [...together.warnings, ...findUnknownVariables(env)],
  }
}

/** XDG Base Directory Specification: state that should outlive restarts; a relative path there does not count. */
function defaultDataDir(env: Variables): string {
  const base = env.XDG_STATE_HOME
  if (base?.startsWith('/')) return join(base, 'kafclaw')
  return join(env.HOME || homedir(), '.local', 'state', 'kafclaw')
}

type Source = { origin: Origin; text: string | null } | { origin: Origin; problem: string }

function findSource(setting: Setting<unknown, string | null>, flag: string | undefined, env: Variables): Source {
  if (flag !== undefined) return { origin: 'flag', text: flag.trim() }
  const direct = env[setting.variable]?.trim()
  if (direct) return { origin: 'env', text: direct }
  const path = setting.isSecret ? env[`${setting.variable}_FILE`]?.trim() : undefined
  if (path) return readSecretFile(setting, path)
  return { origin: 'default', text: setting.fallback }
}

function readSecretFile({ variable }: Setting<unknown, string | null>, path: string): Source {
  const absolute = resolve(path)
  try {
    const text = readFileSync(absolute, 'utf8').trim()
    if (text !== '') return { origin: 'file', text }
    return { origin: 'file', problem: `${variable}_FILE names ${absolute}, which is empty: expected the secret in it` }
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : error
    const problem = `${variable}_FILE names ${absolute}, which cannot be read (${reason}): expected a file with the secret in it`
    return { origin: 'file', problem }
  }
}

function describeProblem(setting: Setting<unknown, string | null>, source: { origin: Origin; text: string | null }) {
  const { variable, kind } = setting
  const shown = JSON.stringify((kind.show?.(source.text ?? '') ?? source.text ?? '').slice(0, 200))
  const place = source.origin === 'flag' ? `${variable} (given as a flag)` : variable
  const name = source.origin === 'file' ? `the secret in the file of ${variable}_FILE` : place
  return `${name} is ${setting.isSecret ? 'not valid' : shown}: expected ${kind.expected}`
}

function configInvalid(problems: readonly string[]): AppError {
  const count = problems.length === 1 ? 'There is one problem' : `There are ${problems.length} problems`
  const message = `${count} with the settings:\n${problems.map((problem) => `- ${problem}`).join('\n')}`
  return new AppError('KC_CONFIG_INVALID', message, { details: { problems } })
}
