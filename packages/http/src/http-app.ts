import { AppError } from '@kafclaw/envelope'
import type { Logger } from '@kafclaw/telemetry'
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify'
import { PROBLEM_JSON, type Problem, toProblem } from './problem.ts'

/** Makes an app without routes whose every error answer is problem+json; errors of ours are logged, refusals not. */
export function createHttpApp({ logger }: { logger: Logger }): FastifyInstance {
  // Requests are not logged: probes come every few seconds and would bury the lines that matter.
  const app = fastify({
    logger: false,
    forceCloseConnections: 'idle',
    // Refusals from before the routes, such as a path that cannot be decoded.
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, error),
  })
  app.setNotFoundHandler((request, reply) => {
    const what = `${request.method} ${request.url}`
    sendProblem(reply, new AppError('KC_NOT_FOUND', `there is no ${what}`))
  })
  app.setErrorHandler((error, request, reply) => {
    const { status, code } = sendProblem(reply, error)
    const place = { method: request.method, url: request.routeOptions.url, code }
    if (status >= 500) logger.error({ ...place, err: error }, 'a request failed')
    else logger.debug({ ...place, status }, 'a request was refused')
  })
  return app
}

function sendProblem(reply: Pick<FastifyReply, 'header' | 'code'>, error: unknown): Problem {
  const problem = toProblem(error)
  // RFC 9110 section 11.6.1: a 401 names the scheme that would have been accepted.
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  reply.code(problem.status).type(PROBLEM_JSON).send(problem)
  return problem
}
