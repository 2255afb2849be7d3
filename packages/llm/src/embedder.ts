/** Turns texts into vectors of one length; the vectors of two models are never compared. */
export interface Embedder {
  /** Names the vectors: what was embedded under another name is embedded again. */
  readonly model: string
  /** Length of each vector; null until an endpoint has answered for the first time. */
  readonly dimension: number | null
  /** One vector of length 1 (L2) per text, in the order of the texts. Fails with the KC_MODEL_* codes of a model. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>
}
