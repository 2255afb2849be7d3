import { AppError } from '@kafclaw/envelope'
import type { Embedder } from '../embedder.ts'
import { withAttempts } from './attempts.ts'
import { createEndpoint, type Endpoint, type EndpointOptions } from './endpoint.ts'
import { toModelError } from './model-error.ts'

const TEXTS_PER_CALL = 64

/** Vectors from an endpoint's `/embeddings`; its dimension is known after the first answer. */
export function createEndpointEmbedder(options: EndpointOptions): Embedder {
  const load = createEndpoint(options)
  let dimension: number | null = null
  return {
    model: options.model,
    get dimension() {
      return dimension
    },
    async embed(texts, signal = new AbortController().signal) {
      const vectors: Float32Array[] = []
      for (let at = 0; at < texts.length; at += TEXTS_PER_CALL) {
        const endpoint = await load()
        const part = await withAttempts(options, {
          signal,
          run: (attempt) =>
            embedPart({ endpoint, options, signal: attempt.signal }, texts.slice(at, at + TEXTS_PER_CALL)),
          toError: (thrown) => toModelError(thrown, endpoint, options),
          mayRepeat: () => true,
        })
        for (const vector of part) {
          dimension ??= vector.length
          if (vector.length !== dimension)
            throw wrongAnswer(options, `vectors of ${dimension} and of ${vector.length} numbers`)
          vectors.push(vector)
        }
      }
      return vectors
    },
  }
}

interface EmbedCall {
  readonly endpoint: Endpoint
  readonly options: EndpointOptions
  readonly signal: AbortSignal
}

async function embedPart(call: EmbedCall, texts: readonly string[]): Promise<Float32Array[]> {
  const { endpoint, options, signal } = call
  const answer = await endpoint.client.embeddings.create(
    { model: options.model, input: [...texts], encoding_format: 'float' },
    { signal, timeout: options.timeoutMs ?? 600_000 },
  )
  const rows = Array.isArray(answer.data) ? answer.data : []
  if (rows.length !== texts.length) throw wrongAnswer(options, `${rows.length} vectors for ${texts.length} texts`)
  // The protocol numbers the rows; their order in the answer is not promised.
  const ordered = rows.toSorted((left, right) => left.index - right.index)
  return ordered.map((row) => toUnitVector(row.embedding, options))
}

function toUnitVector(numbers: unknown, options: EndpointOptions): Float32Array {
  if (!Array.isArray(numbers) || numbers.length === 0) throw wrongAnswer(options, 'an empty vector')
  const vector = Float32Array.from(numbers, Number)
  const length = Math.hypot(...vector)
  if (!Number.isFinite(length)) throw wrongAnswer(options, 'a vector with members that are no numbers')
  return length === 0 ? vector : vector.map((value) => value / length)
}

function wrongAnswer(options: EndpointOptions, what: string): AppError {
  return new AppError(
    'KC_MODEL_REJECTED',
    `The embedding model ${options.model} answered with ${what}. Choose another model or endpoint.`,
  )
}
