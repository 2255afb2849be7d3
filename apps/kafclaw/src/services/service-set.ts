import { AppError } from '@kafclaw/envelope'
import type { MemberEnd, Readiness, Service } from '@kafclaw/runtime'

/** Several services of one process as one: ready when all are, ended by the first that ends, stopped in reverse order. */
export function createServiceSet(id: string, services: readonly Service[]): Service {
  const ended = Promise.withResolvers<MemberEnd>()
  let stopping: Promise<void> | null = null

  function stop(): Promise<void> {
    stopping ??= stopAll()
    return stopping
  }

  async function stopAll(): Promise<void> {
    // The audit sink was started first: it is stopped last and sees what the others still send.
    for (const service of services.toReversed()) await service.stop()
    ended.resolve({ reason: 'stopped' })
  }

  for (const service of services) {
    service.ended.then(
      (end) => {
        if (end.reason === 'stopped') return
        ended.resolve(end)
        stop().catch(() => undefined)
      },
      (error: unknown) => ended.resolve({ reason: 'failed', error: AppError.fromUnknown(error, 'KC_RUNTIME_BUG') }),
    )
  }

  return {
    id,
    readiness: () => joinReadiness(services),
    whenReady: async () => void (await Promise.all(services.map((service) => service.whenReady()))),
    ended: ended.promise,
    stop,
  }
}

function joinReadiness(services: readonly Service[]): Readiness {
  const parts = services.map((service) => ({ id: service.id, ...service.readiness() }))
  return {
    ready: parts.every(({ ready }) => ready),
    checks: parts.flatMap(({ id, checks }) => checks.map((check) => ({ ...check, name: `${id}/${check.name}` }))),
  }
}
