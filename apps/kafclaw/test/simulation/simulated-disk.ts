import { AppError } from '@kafclaw/envelope'
import type { Db, Disk, Family, Statement } from '@kafclaw/storage'
import { giveBack, tablesOf, takeDatabase } from './database-pool.ts'

/** The files of one machine. They outlive its processes; what was committed stays. */
export interface SimulatedFiles extends Disposable {
  /** The disk as one process has it, through its gate. */
  mount(gate: DiskGate): Disk
  /** The file as it lies there, for judges; null when it was never made. */
  peek(path: string): Db | null
  /** Everything is gone, as on a new machine. */
  lose(): void
  /** A copy of everything that lies there now; calling it puts that back. For machines that are off. */
  backUp(): () => void
}

/** Decides on each call of a process to its disk. */
export interface DiskGate {
  isAlive(): boolean
  /** Before a change: throws `Crashed` when the process dies here or has died, an AppError when the disk is full. */
  enter(what: string): void
}

/** Unwinds the code of a process that has died; whoever catches it can do nothing any more. */
export class Crashed extends Error {
  constructor() {
    super('the process has died')
    this.name = 'Crashed'
  }
}

/** Whether an error comes of a crash, or was made of one. */
export function isCrash(error: unknown): boolean {
  return error instanceof Crashed || (error instanceof Error && error.cause !== undefined && isCrash(error.cause))
}

export function createSimulatedFiles(): SimulatedFiles {
  const files = new Map<string, { db: Db; family: Family }>()
  const locks = new Map<string, DiskGate>()
  function lose(): void {
    for (const { db, family } of files.values()) giveBack(db, family)
    files.clear()
  }
  return {
    mount: (gate) => ({
      lock(folder) {
        gate.enter('lock')
        const holder = locks.get(folder)
        if (holder && holder !== gate && holder.isAlive()) {
          throw new AppError('KC_STORAGE_LOCKED', `${folder} is in use by another process of the simulation.`)
        }
        locks.set(folder, gate)
        return {
          folder,
          [Symbol.dispose]() {
            if (locks.get(folder) === gate) locks.delete(folder)
          },
        }
      },
      open(path, family) {
        gate.enter('open')
        return guard(fileAt(path, family), path, gate)
      },
    }),
    peek: (path) => files.get(path)?.db ?? null,
    lose,
    backUp() {
      const copies = [...files.values()].map(({ db }) => copyRows(db))
      return () => {
        for (const putBack of copies) putBack()
      }
    },
    [Symbol.dispose]: lose,
  }

  function fileAt(path: string, family: Family): Db {
    const known = files.get(path)
    if (known) return known.db
    const db = takeDatabase(family)
    files.set(path, { db, family })
    return db
  }
}

/** Rows are copied one by one, because a file in memory cannot be put back under a connection that stays open. */
function copyRows(db: Db): () => void {
  const tables = tablesOf(db).map((table) => ({
    table,
    rows: db.prepare<[], object>(`select * from "${table}"`).all(),
  }))
  return () =>
    db.transaction(() => {
      for (const { table, rows } of tables) {
        db.exec(`delete from "${table}"`)
        for (const row of rows) {
          const columns = Object.keys(row)
          const names = columns.map((column) => `"${column}"`).join(', ')
          const places = columns.map(() => '?').join(', ')
          db.prepare(`insert into "${table}" (${names}) values (${places})`).run(...Object.values(row))
        }
      }
    })
}

/**
 * A database that a process may die on: before a change, before the commit (nothing of it is stored) and after it (all of
 * it is stored, and nobody knows). Since calls are synchronous, these are all the places at which a crash can be told apart.
 */
function guard(db: Db, path: string, gate: DiskGate): Db {
  let depth = 0
  let isOpen = true

  function look(): void {
    if (!gate.isAlive()) throw new Crashed()
    if (!isOpen) throw new AppError('KC_STORAGE_FAILED', `${path}: the database connection is not open`)
  }

  function change<T>(what: string, work: () => T): T {
    look()
    if (depth > 0) return work()
    gate.enter(what)
    const value = work()
    gate.enter(`after ${what}`)
    return value
  }

  function transaction<T>(fn: () => T): T {
    look()
    if (depth > 0) return db.transaction(fn)
    gate.enter('begin')
    depth++
    try {
      return db.transaction(() => {
        const value = fn()
        gate.enter('commit')
        return value
      })
    } finally {
      depth--
    }
  }

  function prepare<P extends unknown[], R>(sql: string): Statement<P, R> {
    look()
    const statement = db.prepare<P, R>(sql)
    return {
      run: (...params) => change('run', () => statement.run(...params)),
      get(...params) {
        look()
        return statement.get(...params)
      },
      all(...params) {
        look()
        return statement.all(...params)
      },
      iterate(...params) {
        look()
        return statement.iterate(...params)
      },
    }
  }

  const close = (): void => {
    isOpen = false
  }
  return {
    path,
    prepare,
    transaction(fn) {
      const isOutermost = depth === 0
      const value = transaction(fn)
      if (isOutermost) gate.enter('committed')
      return value
    },
    async synced() {
      gate.enter('synced')
    },
    exec: (sql) => change('exec', () => db.exec(sql)),
    pragma(source) {
      look()
      return db.pragma(source)
    },
    close,
    [Symbol.dispose]: close,
  }
}
