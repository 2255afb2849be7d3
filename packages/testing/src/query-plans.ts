interface Preparing {
  prepare(sql: string): { all(...params: never[]): unknown[] }
}

/** `db` as it is, with SQLite's plan of each statement that is prepared through it: `SCAN t`, `SEARCH t USING INDEX i (a=?)`. */
export function withQueryPlans<D extends Preparing>(db: D): { db: D; plans: string[] } {
  const plans: string[] = []
  const prepare = (sql: string) => {
    const params = Array.from({ length: sql.split('?').length - 1 }, () => null) as never[]
    const steps = db.prepare(`explain query plan ${sql}`).all(...params) as Array<{ detail: string }>
    plans.push(...steps.map((step) => step.detail))
    return db.prepare(sql)
  }
  return { db: { ...db, prepare }, plans }
}
