import { AppError, type ErrorCode } from '@kafclaw/envelope'
import type { APIError } from 'openai'
import type { Endpoint, EndpointOptions } from './endpoint.ts'

const LONGEST_REASON = 500

/** Turns what the SDK or fetch threw into an AppError that names the endpoint, never the key. */
export function toModelError(thrown: unknown, endpoint: Pick<Endpoint, 'sdk'>, options: EndpointOptions): AppError {
  if (thrown instanceof AppError) return thrown
  const { APIConnectionTimeoutError, APIConnectionError, APIError } = endpoint.sdk
  if (thrown instanceof APIConnectionTimeoutError) return timeoutError(options)
  if (thrown instanceof APIError && !(thrown instanceof APIConnectionError)) return answeredError(thrown, options)
  const reason = withoutKey(innermostMessage(thrown), options.key)
  return new AppError(
    'KC_MODEL_UNREACHABLE',
    `The model at ${placeOf(options)} cannot be reached: ${reason}. Check the address and that it is up.`,
  )
}

export function timeoutError(options: EndpointOptions): AppError {
  return new AppError(
    'KC_MODEL_TIMEOUT',
    `The model at ${placeOf(options)} did not answer in time. Try again, or choose a faster model.`,
  )
}

/** An answer that stopped in the middle, so that nobody takes half a sentence for the whole. */
export function brokenStreamError(options: EndpointOptions): AppError {
  return new AppError(
    'KC_MODEL_UNREACHABLE',
    `The model at ${placeOf(options)} broke off in the middle of its answer. Try again.`,
  )
}

function answeredError(error: APIError, options: EndpointOptions): AppError {
  const code = codeOf(error)
  const reason = withoutKey(error.message, options.key).slice(0, LONGEST_REASON)
  const details = {
    status: error.status ?? null,
    request_id: error.requestID ?? null,
    retry_after_ms: retryAfterMs(error.headers),
  }
  return new AppError(
    code,
    `The model ${options.model} at ${placeOf(options)} answered: ${reason}${adviceFor(error)}`,
    { details },
  )
}

function codeOf(error: APIError): ErrorCode {
  const { status } = error
  if (status === 401 || status === 403) return 'KC_MODEL_AUTHENTICATION'
  // A spent budget is answered with 429 too, but waiting does not help.
  if (error.code === 'insufficient_quota') return 'KC_MODEL_REJECTED'
  if (status === 429 || error.code === 'rate_limit_exceeded') return 'KC_MODEL_RATE_LIMITED'
  if (status === 408 || status === 504) return 'KC_MODEL_TIMEOUT'
  if (status === undefined || status === 409 || status >= 500) return 'KC_MODEL_UNREACHABLE'
  return 'KC_MODEL_REJECTED'
}

function adviceFor(error: APIError): string {
  switch (error.status) {
    case 401:
    case 403:
      return '. Check the key of the model.'
    case 404:
      return '. Check the name of the model, and that its address ends with the version, as in /v1.'
    default:
      return ''
  }
}

/** RFC 9110 section 10.2.3 in seconds; servers of this protocol also send milliseconds. */
function retryAfterMs(headers: Headers | undefined): number | null {
  const ms = Number.parseFloat(headers?.get('retry-after-ms') ?? '')
  if (Number.isFinite(ms)) return ms
  const seconds = Number.parseFloat(headers?.get('retry-after') ?? '')
  return Number.isFinite(seconds) ? seconds * 1000 : null
}

/** fetch says only "fetch failed"; the reason lies in the innermost cause. */
function innermostMessage(thrown: unknown): string {
  let current = thrown
  while (current instanceof Error && current.cause instanceof Error) current = current.cause
  if (!(current instanceof Error)) return String(current)
  const code = 'code' in current && typeof current.code === 'string' ? current.code : ''
  return current.message || code || current.name
}

function withoutKey(text: string, key: string | undefined): string {
  const hidden = key === undefined || key.length < 4 ? text : text.replaceAll(key, '***')
  return hidden.replace(/\bsk-[\w*-]{4,}/g, '***')
}

function placeOf(options: EndpointOptions): string {
  if (!URL.canParse(options.url)) return 'its address'
  const url = new URL(options.url)
  return `${url.origin}${url.pathname}`
}
