import type { Family } from './family.ts'

/** The schemas as types only: at run time nothing of drizzle-orm is loaded. */
interface Tables {
  state: typeof import('./schema/state.ts')
  memory: typeof import('./schema/memory.ts')
  audit: typeof import('./schema/audit.ts')
  log: typeof import('./schema/log.ts')
}

/** A row as `SELECT *` gives it, from the schema: `Row<'state', 'taskRequest'>`; take columns of it with Pick. */
export type Row<F extends Family, T extends keyof Tables[F]> = Tables[F][T] extends { $inferSelect: infer R }
  ? R
  : never
