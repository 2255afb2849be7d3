import type { Env } from '@kafclaw/env'
import { AppError } from '@kafclaw/envelope'
import type { FastifyInstance } from 'fastify'
import { formatAddress, readAddress } from './address.ts'
import { type AdminAppOptions, createAdminApp } from './admin-app.ts'

export interface AdminServerOptions extends AdminAppOptions {
  /** `host:port`; port 0 takes a free one. */
  address: string
  env: Env
  /** How long closing waits for requests under way before it cuts their connections; 2 s when missing. */
  closeTimeoutMs?: number
}

export interface AdminServer extends AsyncDisposable {
  /** `http://host:port` with the port that was really taken. */
  readonly url: string
}

/**
 * Listens for probes and for Prometheus. Errors: KC_CONFIG_INVALID when `address` is not one,
 * KC_HTTP_CANNOT_LISTEN when the host refuses it.
 */
export async function createAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const address = readAddress(options.address)
  if (!address) {
    const message = `the admin address "${options.address}" is not of the form host:port, for example 127.0.0.1:0`
    throw new AppError('KC_CONFIG_INVALID', message)
  }
  const app = await createAdminApp(options)
  try {
    await app.listen({ host: address.host, port: address.port })
  } catch (cause) {
    await app.close()
    throw cannotListen(options.address, cause)
  }
  const [taken] = app.addresses()
  const port = typeof taken === 'object' ? taken.port : address.port
  return {
    url: `http://${formatAddress({ host: address.host, port })}`,
    [Symbol.asyncDispose]: () => close(app, options),
  }
}

/** Idle connections end at once; a client that never finishes its request does not hold up the end of the service. */
async function close(app: FastifyInstance, { env, closeTimeoutMs = 2_000 }: AdminServerOptions): Promise<void> {
  const deadline = env.setTimer(closeTimeoutMs, () => app.server.closeAllConnections())
  await app.close()
  deadline.cancel()
}

function cannotListen(address: string, cause: unknown): AppError {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  const meaning: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another process listens there',
    EACCES: 'this user may not listen on that port',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'the host name is not known',
  }
  const message = `the admin server cannot listen on ${address}: ${meaning[reason] ?? reason}; choose another address with KAFCLAW_ADMIN_ADDR (port 0 takes a free one)`
  return new AppError('KC_HTTP_CANNOT_LISTEN', message, { details: { address, reason }, cause })
}
