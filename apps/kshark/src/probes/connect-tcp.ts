import { connect } from 'node:net'
import type { Env } from '@kafclaw/env'
import { explainSocketError } from './socket-error.ts'

export type TcpAnswer = { address: string; family: number } & ({ open: true } | { open: false; reason: string })

/** Opens a connection to one address and closes it. */
export async function connectTcp(
  env: Env,
  { address, family, port }: { address: string; family: number; port: number },
  timeoutMs: number,
): Promise<TcpAnswer> {
  const { promise, resolve } = Promise.withResolvers<TcpAnswer>()
  const socket = connect({ host: address, port })
  const close = (reason: string) => resolve({ address, family, open: false, reason })
  const timer = env.setTimer(timeoutMs, () => close(`no answer within ${timeoutMs} ms`))
  socket.on('connect', () => resolve({ address, family, open: true }))
  socket.on('error', (error) => close(explainSocketError(error)))
  try {
    return await promise
  } finally {
    timer.cancel()
    socket.destroy()
  }
}
