/** Something that was done to a member or a broker; `down` and `away` begin an absence, `up` and `back` end it. */
export interface Happening {
  what: 'down' | 'up' | 'away' | 'back'
  name: string
  atMs: number
}

/** While a fault lasted. */
export interface FaultWindow {
  names: readonly string[]
  fromMs: number
  toMs: number
}

/** What a case has done so far, by the clock of this host, which is that of the brokers. */
export interface Events {
  readonly happenings: readonly Happening[]
  readonly windows: readonly FaultWindow[]
  readonly figures: Readonly<Record<string, number>>
  note(what: Happening['what'], names: readonly string[]): void
  /** Notes a fault from now until the returned function is called. */
  begin(names: readonly string[]): () => void
  count(figure: string, by?: number): void
  /** Keeps the largest. */
  most(figure: string, value: number): void
}

export function createEvents(): Events {
  const happenings: Happening[] = []
  const windows: FaultWindow[] = []
  const figures: Record<string, number> = {}
  return {
    happenings,
    windows,
    figures,
    note(what, names) {
      for (const name of names) happenings.push({ what, name, atMs: Date.now() })
    },
    begin(names) {
      const window = { names, fromMs: Date.now(), toMs: Number.POSITIVE_INFINITY }
      windows.push(window)
      return () => {
        window.toMs = Date.now()
      }
    },
    count(figure, by = 1) {
      figures[figure] = (figures[figure] ?? 0) + by
    },
    most(figure, value) {
      figures[figure] = Math.max(figures[figure] ?? 0, value)
    },
  }
}
