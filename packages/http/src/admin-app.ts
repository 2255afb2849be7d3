import bearerAuth from '@fastify/bearer-auth'
import type { Logger, Metrics } from '@kafclaw/telemetry'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createHttpApp } from './http-app.ts'

/** One thing that a service needs before it can do its work; `detail` tells a person what it waits for. */
export interface ReadinessCheck {
  name: string
  ok: boolean
  detail: string
}

export interface Readiness {
  ready: boolean
  checks: readonly ReadinessCheck[]
}

export interface AdminAppOptions {
  /** Whether the process should go on at all. Must not ask Kafka: a restart does not bring a broker back. */
  live(): boolean
  readiness(): Readiness
  metrics: Metrics
  logger: Logger
  /** When set, `/metrics` and `/readyz?verbose` want it as a bearer token; probes stay open for Kubernetes. */
  token?: string | undefined
}

/** Makes the app with `/livez`, `/readyz` and `/metrics`; 200 is yes, 503 is no. */
export async function createAdminApp(options: AdminAppOptions): Promise<FastifyInstance> {
  const { live, readiness, metrics, token } = options
  const app = createHttpApp(options)
  const protect = await createGuard(app, token)

  app.get('/livez', (_request, reply) => {
    const alive = live()
    return answer(reply, alive).send({ live: alive })
  })

  app.get('/readyz', async (request, reply) => {
    if (!asksVerbose(request)) {
      const { ready } = readiness()
      return answer(reply, ready).send({ ready })
    }
    await protect(request, reply)
    const { ready, checks } = readiness()
    return answer(reply, ready).send({ ready, checks })
  })

  app.get('/metrics', async (request, reply) => {
    await protect(request, reply)
    return reply.type(metrics.contentType).send(await metrics.text())
  })

  return app
}

function answer(reply: FastifyReply, yes: boolean): FastifyReply {
  return reply.code(yes ? 200 : 503).header('cache-control', 'no-store')
}

/** `?verbose`, as Kubernetes' own components have it: present is yes, whatever its value. */
function asksVerbose(request: FastifyRequest): boolean {
  return typeof request.query === 'object' && request.query !== null && 'verbose' in request.query
}

type Guard = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

async function createGuard(app: FastifyInstance, token: string | undefined): Promise<Guard> {
  if (token === undefined) return async () => undefined
  await app.register(bearerAuth, { keys: [token], addHook: false, verifyErrorLogLevel: 'debug' })
  const verify = app.verifyBearerAuth
  if (!verify) throw new Error('@fastify/bearer-auth has not added verifyBearerAuth')
  return (request, reply) =>
    new Promise((resolve, reject) => {
      verify(request, reply, (error) => (error ? reject(error) : resolve()))
    })
}
