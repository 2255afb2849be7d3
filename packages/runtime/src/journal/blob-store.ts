import { hash } from 'node:crypto'
import { AppError, type BlobRef, fitsIntoRecord } from '@kafclaw/envelope'
import type { StepRecord } from './step-record.ts'

/** Outputs above this size do not go into the record of their step. */
const LARGE_OUTPUT_BYTES = 64 * 1024
/** Bytes of one chunk; as base64 they stay far below what a record may have. */
const CHUNK_BYTES = 144 * 1024
const ON_TRACES = 'traces:'

/** An output that lies apart: the reference goes into the record of its step, and `write` into the transaction that stores that. */
export interface KeptBlob {
  ref: BlobRef
  write(): void
}

/** Where large outputs of steps are kept. */
export interface BlobStore {
  put(bytes: Buffer, step: BlobPlace): Promise<KeptBlob>
  /** Error: KC_RUN_NON_DETERMINISM when they are not there, or not those that the reference names. */
  get(ref: BlobRef): Promise<Buffer>
}

export type BlobPlace = Pick<StepRecord, 'step' | 'redo' | 'kind'>

/** A part of an output, as it lies on `traces` before the result of its step. */
export interface BlobChunk {
  uri: string
  index: number
  count: number
  bytes: Buffer
}

/** Keeps outputs as chunk records on `traces` itself: whoever can read the journal can read them. */
export function createTraceBlobs(options: {
  runId: string
  /** Inside a transaction. */
  write(step: BlobPlace, chunk: BlobChunk): void
  /** The chunks of an output that have been read. */
  chunks(uri: string): Promise<readonly BlobChunk[]>
}): BlobStore {
  return {
    async put(bytes, step) {
      const uri = `${ON_TRACES}${options.runId}/${step.step}/${step.redo}`
      const count = Math.ceil(bytes.length / CHUNK_BYTES)
      return {
        ref: { uri, sha256: hash('sha256', bytes, 'hex'), size_bytes: bytes.length, content_type: 'application/json' },
        write() {
          for (let index = 0; index < count; index++) {
            const part = bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES)
            options.write(step, { uri, index, count, bytes: part })
          }
        },
      }
    },
    get: async (ref) => joinChunks(ref, await options.chunks(ref.uri)),
  }
}

/** Error: KC_RUN_NON_DETERMINISM when a part is missing, or they are not what the reference names. */
export function joinChunks(ref: BlobRef, chunks: readonly BlobChunk[]): Buffer {
  const parts = [...new Map(chunks.map((chunk) => [chunk.index, chunk.bytes])).entries()]
  const bytes = Buffer.concat(parts.sort(([a], [b]) => a - b).map(([, part]) => part))
  if (bytes.length !== ref.size_bytes || hash('sha256', bytes, 'hex') !== ref.sha256) {
    throw new AppError(
      'KC_RUN_NON_DETERMINISM',
      `The output ${ref.uri} is not whole on the log: ${bytes.length} of ${ref.size_bytes} bytes, or not the bytes that were written. The run cannot go on from its journal.`,
    )
  }
  return bytes
}

/**
 * The bytes of an output that the record of its step cannot hold: it is too large, or JSON that readers would refuse for its
 * depth, its numbers or its names. Throws KC_RUN_FAILED when it is no JSON.
 */
export function largeOutput(output: unknown): Buffer | null {
  // Most are so small that nobody has to look twice.
  if (output === null || output === undefined) return null
  const text = jsonOf(output)
  const isLarge = text.length > LARGE_OUTPUT_BYTES / 4 && Buffer.byteLength(text) > LARGE_OUTPUT_BYTES
  return isLarge || !fitsIntoRecord(output, text) ? Buffer.from(text) : null
}

function jsonOf(output: unknown): string {
  try {
    const text: string | undefined = JSON.stringify(output)
    if (text !== undefined) return text
  } catch (cause) {
    throw new AppError('KC_RUN_FAILED', 'A step gave something that cannot be written as JSON.', { cause })
  }
  throw new AppError('KC_RUN_FAILED', `A step gave a ${typeof output}, which cannot be written as JSON.`)
}

/** The bytes were written by `put` from JSON, and their hash has been checked. */
export function parseOutput(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString('utf8'))
}

/** The part of an output that a chunk record holds. */
export function chunkOf(payload: {
  run_id: string
  step: number | null
  redo: number
  chunk: { index: number; count: number } | null
  output: unknown
}): BlobChunk | null {
  if (payload.chunk === null || typeof payload.output !== 'string') return null
  const uri = `${ON_TRACES}${payload.run_id}/${payload.step}/${payload.redo}`
  return { uri, ...payload.chunk, bytes: Buffer.from(payload.output, 'base64') }
}
