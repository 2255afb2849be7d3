import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { connect } from 'node:tls'
import { expect, it, vi } from 'vitest'
import { answersMetadata } from '../src/broker/metadata-probe.ts'
import { startBroker } from '../src/broker/start-broker.ts'
import { sharedBrokers, uniqueName } from '../src/index.ts'

const portOf = (broker: string | undefined) => Number(broker?.split(':')[1])

it('shares one broker among all broker tests', async () => {
  expect(sharedBrokers()).not.toEqual([])
})

it('comes back on the same port after kill -9 and after a pause', async () => {
  await using broker = await startBroker()
  const port = portOf(broker.brokers[0])

  await broker.kill()
  expect(await answersMetadata(port)).toBe(false)
  await broker.restart()
  expect(await answersMetadata(port)).toBe(true)

  await broker.pause()
  expect(await answersMetadata(port)).toBe(false)
  await broker.resume()
  await vi.waitFor(async () => expect(await answersMetadata(port)).toBe(true), { timeout: 30_000, interval: 100 })
})

it('serves TLS to a client with a certificate and to no other', async () => {
  const user = uniqueName('alice')
  await using broker = await startBroker({ users: { [user]: 'secret', admin: 'other' }, authorize: true })
  if (!broker.secure) throw new Error('a broker with users has secure listeners')
  const { pki, mtls, saslSsl } = broker.secure
  const ca = await readFile(pki.caPath)
  const client = pki.client(user)
  const identity = { cert: await readFile(client.certPath), key: await readFile(client.keyPath) }

  expect(await apiVersions({ port: portOf(saslSsl), ca })).toBe('answered')
  expect(await apiVersions({ port: portOf(mtls), ca, ...identity })).toBe('answered')
  expect(await apiVersions({ port: portOf(mtls), ca })).toBe('refused')
})

it('leaves neither a process nor a folder behind when its owner dies of kill -9', async () => {
  const owner = spawn(process.execPath, ['-C', '@kafclaw/source', join(import.meta.dirname, 'broker-owner.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(owner.stdout, 'data')
  const { port, pki }: { port: number; pki: string } = JSON.parse(String(line))
  const folder = dirname(dirname(pki))
  expect(existsSync(folder)).toBe(true)
  owner.kill('SIGKILL')
  await vi.waitFor(
    async () => {
      expect(await answersMetadata(port)).toBe(false)
      expect(existsSync(folder)).toBe(false)
    },
    { timeout: 30_000, interval: 100 },
  )
})

interface TlsTarget {
  port: number
  ca: Buffer
  cert?: Buffer
  key?: Buffer
}

/** Sends ApiVersions, which a broker answers before any login, over TLS. */
function apiVersions(target: TlsTarget): Promise<'answered' | 'refused'> {
  const { promise, resolve } = Promise.withResolvers<'answered' | 'refused'>()
  const socket = connect({ host: '127.0.0.1', ...target })
  socket.on('secureConnect', () => socket.write(Buffer.from('0000000a0012000000000007ffff', 'hex')))
  socket.on('data', () => {
    socket.destroy()
    resolve('answered')
  })
  socket.on('error', () => resolve('refused'))
  socket.on('close', () => resolve('refused'))
  return promise
}
