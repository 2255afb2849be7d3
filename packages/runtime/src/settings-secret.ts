import { inspect } from 'node:util'

/** A value that only `reveal` gives out: logs, JSON and messages show `[secret]`. */
export interface Secret {
  reveal(): string
}

export const HIDDEN = '[secret]'

export function createSecret(value: string): Secret {
  const hide = () => HIDDEN
  const secret = { reveal: () => value, toString: hide, toJSON: hide, [inspect.custom]: hide }
  return Object.freeze(secret)
}
