import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Env } from '@kafclaw/env'
import { explainSocketError } from './socket-error.ts'

interface ResolvedAddress {
  address: string
  family: number
}

export type Resolved =
  | { kind: 'literal'; addresses: ResolvedAddress[] }
  | { kind: 'found'; addresses: ResolvedAddress[] }
  | { kind: 'unknown'; reason: string }

/** All addresses of a host in the order in which they are tried, by the resolver of the system, as connections use it. */
export async function resolveHost(env: Env, host: string, timeoutMs: number): Promise<Resolved> {
  const family = isIP(host)
  if (family !== 0) return { kind: 'literal', addresses: [{ address: host, family }] }
  const { promise: late, resolve } = Promise.withResolvers<Resolved>()
  const timer = env.setTimer(timeoutMs, () =>
    resolve({ kind: 'unknown', reason: `the resolver did not answer within ${timeoutMs} ms` }),
  )
  const found = lookup(host, { all: true }).then(
    (addresses): Resolved => ({ kind: 'found', addresses }),
    (error: NodeJS.ErrnoException): Resolved => ({ kind: 'unknown', reason: explainSocketError(error) }),
  )
  try {
    return await Promise.race([found, late])
  } finally {
    timer.cancel()
  }
}
