import { AppError, ERRORS } from '@kafclaw/envelope'

/** What is looked at, from the bottom up, in the order of the report. */
export type Layer =
  | 'settings'
  | 'dns'
  | 'tcp'
  | 'tls'
  | 'api_versions'
  | 'sasl'
  | 'cluster'
  | 'listeners'
  | 'zone'
  | 'topics'
  | 'roster'
  | 'groups'
  | 'work'
  | 'probe'
  | 'clock'

/** Where the fault lies: in the settings, on the way to the brokers, in what we are allowed, or in the group itself. */
export type Fault = 'settings' | 'connection' | 'access' | 'group'

/** The answer of a check about one thing, `name`; `seen` is what was found, `advice` what to do. */
export type Verdict =
  | { status: 'ok'; name: string; seen: string }
  | { status: 'warning'; name: string; seen: string; advice: string }
  | { status: 'failed'; name: string; seen: string; advice: string; fault: Fault }
  /** Not looked at; `seen` says why. */
  | { status: 'skipped'; name: string; seen: string }

export type Status = Verdict['status']

/** A line of the report. `durationMs` is null where an earlier line of the same check has it. */
export type Finding = Verdict & { layer: Layer; durationMs: number | null }

export function ok(name: string, seen: string): Verdict {
  return { status: 'ok', name, seen }
}

export function warning(name: string, seen: string, advice: string): Verdict {
  return { status: 'warning', name, seen, advice }
}

export function failed(name: string, seen: string, { advice, fault }: { advice: string; fault: Fault }): Verdict {
  return { status: 'failed', name, seen, advice, fault }
}

export function skipped(name: string, why: string): Verdict {
  return { status: 'skipped', name, seen: why }
}

/** What an error says about the thing that was looked at. */
export function failedBy(name: string, thrown: unknown): Verdict {
  const error = AppError.fromUnknown(thrown, 'KC_BUG')
  return failed(name, error.message, { advice: ERRORS[error.code].publicMessage, fault: faultOf(error) })
}

function faultOf({ code }: AppError): Fault {
  switch (code) {
    case 'KC_CONFIG_INVALID':
      return 'settings'
    case 'KC_KAFKA_UNREACHABLE':
    case 'KC_KAFKA_TIMEOUT':
    case 'KC_KAFKA_TLS':
      return 'connection'
    case 'KC_KAFKA_AUTHENTICATION':
    case 'KC_KAFKA_NOT_AUTHORISED':
      return 'access'
    default:
      return 'group'
  }
}
