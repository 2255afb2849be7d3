import type { Db } from '@kafclaw/storage'

/** Names the vectors that may be compared with each other: model and dimension, `hash-v1@256`. */
export type VectorSpace = `${string}@${number}`

const META_NAME = 'vector_space'

export function toVectorSpace(model: string, dimension: number): VectorSpace {
  return `${model}@${dimension}`
}

export function modelOf(space: VectorSpace): string {
  return space.slice(0, space.lastIndexOf('@'))
}

export function dimensionOf(space: VectorSpace): number {
  return Number(space.slice(space.lastIndexOf('@') + 1))
}

/** The space that searches use; null before anything was embedded. */
export function readActiveSpace(db: Db): VectorSpace | null {
  const row = db.prepare<[string], { value: string }>('SELECT value FROM meta WHERE name = ?').get(META_NAME)
  return row && isVectorSpace(row.value) ? row.value : null
}

/** From now on searches use this space; the vectors of all others go. */
export function switchSpace(db: Db, space: VectorSpace): void {
  db.transaction(() => {
    db.prepare(
      'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    ).run(META_NAME, space)
    db.prepare('DELETE FROM embedding WHERE model <> ?').run(space)
  })
}

function isVectorSpace(value: string): value is VectorSpace {
  return /^.+@\d+$/s.test(value)
}
