import type { Env } from '@kafclaw/env'
import type { OpenAI } from 'openai'

/** Where a model is served, and how long to wait for it. */
export interface EndpointOptions {
  /** Base address of the OpenAI protocol, with its version: `https://host/v1`. */
  readonly url: string
  /** Name of the model at the endpoint. */
  readonly model: string
  /** Bearer key; left out for servers that ask for none. It never gets into errors or logs. */
  readonly key?: string | undefined
  readonly env: Env
  /** An endpoint that sends nothing for so long has failed; default 120 s. */
  readonly idleTimeoutMs?: number
  /** The longest that one call may take, with all its text; default 10 min. */
  readonly timeoutMs?: number
  /** How often a failed call is tried again when that can help and nothing was heard yet; default 2. */
  readonly retries?: number
}

/** The SDK and a client made with it. */
export interface Endpoint {
  readonly sdk: typeof import('openai')
  readonly client: OpenAI
}

/** Returns a function that loads the SDK at its first call: its import takes 90 ms, which an offline process saves. */
export function createEndpoint(options: EndpointOptions): () => Promise<Endpoint> {
  let loading: Promise<Endpoint> | undefined
  return () => {
    loading ??= loadEndpoint(options)
    return loading
  }
}

async function loadEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const sdk = await import('openai')
  // A variable that is set but empty means no key.
  const key = options.key || null
  const client = new sdk.OpenAI({
    baseURL: options.url.replace(/\/+$/, ''),
    apiKey: key ?? 'none',
    // All of these would otherwise be read from the environment, behind the back of our settings.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
    maxRetries: 0,
    defaultHeaders: key === null ? { Authorization: null } : {},
  })
  return { sdk, client }
}
