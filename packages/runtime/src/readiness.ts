import type { Readiness, ReadinessCheck } from '@kafclaw/http'

export type { Readiness, ReadinessCheck } from '@kafclaw/http'

/** The state of the checks of one service. */
export interface ReadinessBoard {
  set(name: string, ok: boolean, detail: string): void
  read(): Readiness
  /** Resolves when every check is right. */
  whenReady(): Promise<void>
}

export function createReadinessBoard(
  names: readonly string[],
  onChange: (check: ReadinessCheck) => void,
): ReadinessBoard {
  const checks = new Map(names.map((name): [string, ReadinessCheck] => [name, { name, ok: false, detail: 'not yet' }]))
  const ready = Promise.withResolvers<void>()
  const allRight = (): boolean => [...checks.values()].every((check) => check.ok)
  return {
    set(name, ok, detail) {
      const before = checks.get(name)
      if (before?.ok === ok && before.detail === detail) return
      const check = { name, ok, detail }
      checks.set(name, check)
      onChange(check)
      if (allRight()) ready.resolve()
    },
    read: () => ({ ready: allRight(), checks: [...checks.values()] }),
    whenReady: () => ready.promise,
  }
}
