import type { Env } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { Embedder } from '@kafclaw/llm'
import type { Db } from '@kafclaw/storage'
import { readActiveSpace, switchSpace, toVectorSpace, type VectorSpace } from './vector-space.ts'

export interface EmbeddingQueue {
  /** Embeds what has no vector yet and resolves with the number of chunks embedded; calls run one after another. */
  run(signal?: AbortSignal): Promise<number>
  /** Chunks that have no vector of the embedder's own space yet. */
  countPending(): number
}

interface PendingChunk {
  readonly id: number
  readonly title: string | null
  readonly text: string
}

const CHUNKS_PER_CALL = 64

/**
 * Gives chunks their vectors, oldest first, a transaction per call of the embedder, and then makes the embedder's space
 * the one that is searched. Until then searches keep the space they had, so a changed model never leaves the memory half
 * blind.
 */
export function createEmbeddingQueue(deps: { db: Db; embedder: Embedder; env: Pick<Env, 'nextTurn'> }): EmbeddingQueue {
  const { db, embedder, env } = deps
  let space = embedder.dimension === null ? null : toVectorSpace(embedder.model, embedder.dimension)
  // Chunk ids only grow, so what lies below the last one embedded needs no second look.
  let doneUpTo = 0
  let last: Promise<unknown> = Promise.resolve()

  async function embedAll(signal?: AbortSignal): Promise<number> {
    let embedded = 0
    for (;;) {
      signal?.throwIfAborted()
      const chunks = pendingChunks(db, space, doneUpTo)
      if (chunks.length === 0) break
      const vectors = await embedder.embed(chunks.map(textOf), signal)
      const found = spaceOf(embedder, chunks, vectors)
      // Only the answer tells the dimension of an endpoint; another one than before means starting over.
      const isSameSpace = found === space
      if (!isSameSpace) doneUpTo = 0
      space = found
      embedded += storeVectors(db, { space, chunks, vectors })
      // Not before they are stored: on a full disk the same chunks come again.
      if (isSameSpace) doneUpTo = chunks.at(-1)?.id ?? doneUpTo
      // An embedder that only computes would hold up everything else of the process for a large backlog.
      await new Promise<void>((resolve) => env.nextTurn(resolve))
    }
    if (space !== null && readActiveSpace(db) !== space) switchSpace(db, space)
    return embedded
  }

  return {
    run(signal) {
      const turn = last.then(() => embedAll(signal))
      last = turn.catch(() => undefined)
      return turn
    },
    countPending: () => countChunks(db) - (space === null ? 0 : countVectors(db, space)),
  }
}

function spaceOf(embedder: Embedder, chunks: readonly unknown[], vectors: readonly Float32Array[]): VectorSpace {
  const dimension = vectors[0]?.length ?? 0
  if (dimension > 0 && vectors.length === chunks.length && vectors.every((vector) => vector.length === dimension)) {
    return toVectorSpace(embedder.model, dimension)
  }
  throw new AppError(
    'KC_MEMORY_FAILED',
    `The embedding model ${embedder.model} gave no vector of one length per text. Choose another one.`,
  )
}

function pendingChunks(db: Db, space: VectorSpace | null, after: number): PendingChunk[] {
  const sql = `SELECT c.id, i.title, c.text FROM chunk c JOIN item i ON i.id = c.item
    WHERE c.id > ? AND NOT EXISTS (SELECT 1 FROM embedding e WHERE e.chunk_id = c.id AND e.model = ?)
    ORDER BY c.id LIMIT ${CHUNKS_PER_CALL}`
  return db.prepare<[number, string], PendingChunk>(sql).all(after, space ?? '')
}

/** A chunk that went away while it was being embedded gets no vector. */
function storeVectors(
  db: Db,
  embedded: { space: VectorSpace; chunks: readonly PendingChunk[]; vectors: readonly Float32Array[] },
): number {
  const { space, chunks, vectors } = embedded
  const insert = db.prepare(
    'INSERT INTO embedding (chunk_id, model, dimension, vector) SELECT id, ?, ?, ? FROM chunk WHERE id = ? ON CONFLICT DO NOTHING',
  )
  return db.transaction(() =>
    vectors.reduce((stored, vector, index) => {
      const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)
      return stored + insert.run(space, vector.length, bytes, chunks[index]?.id ?? null).changes
    }, 0),
  )
}

function textOf(chunk: PendingChunk): string {
  // A title that was made from the beginning of the text would only count its words twice.
  const title = chunk.title?.replace(/…$/, '') ?? ''
  return title === '' || chunk.text.startsWith(title) ? chunk.text : `${title}\n${chunk.text}`
}

function countChunks(db: Db): number {
  return db.prepare<[], { n: number }>('SELECT count(*) AS n FROM chunk').get()?.n ?? 0
}

function countVectors(db: Db, space: VectorSpace): number {
  return db.prepare<[string], { n: number }>('SELECT count(*) AS n FROM embedding WHERE model = ?').get(space)?.n ?? 0
}
