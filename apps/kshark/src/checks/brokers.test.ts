import { NEEDED_APIS } from '@kafclaw/kafka'
import { describe, expect, it } from 'vitest'
import { judgeApiVersions } from './api-versions.ts'
import { judgeDns } from './dns.ts'
import { judgeLogin, judgeMechanism } from './sasl.ts'
import { judgeTcp } from './tcp.ts'
import { judgeTls } from './tls.ts'

const B = 'kafka-1:9092'
const PLAIN = { mechanism: 'plain', username: 'alice', password: 'secret' } as const
const DAY_MS = 86_400_000

describe('dns', () => {
  it('shows all addresses, and the reason when there is none', () => {
    const addresses = ['10.0.0.1', '10.0.0.2'].map((address) => ({ address, family: 4 }))
    expect(judgeDns(B, { kind: 'found', addresses })).toMatchObject({ status: 'ok', seen: '10.0.0.1, 10.0.0.2' })
    expect(judgeDns(B, { kind: 'unknown', reason: 'no such name (ENOTFOUND)' })).toMatchObject({
      status: 'failed',
      fault: 'connection',
      seen: 'DNS: no such name (ENOTFOUND)',
    })
  })
})

describe('tcp', () => {
  const open = (address: string, family = 4) => ({ address, family, open: true as const })
  const shut = (address: string, family = 4) => ({
    address,
    family,
    open: false as const,
    reason: 'connection refused (ECONNREFUSED)',
  })

  it('fails when no address answers, and says that nothing listens', () => {
    const verdict = judgeTcp(B, [shut('10.0.0.1')])
    expect(verdict).toMatchObject({ status: 'failed', fault: 'connection' })
    expect(verdict).toMatchObject({ advice: expect.stringContaining('Nothing listens') })
  })

  it('warns when some of several equal addresses do not answer', () => {
    expect(judgeTcp(B, [open('10.0.0.1'), shut('10.0.0.2')]).status).toBe('warning')
  })

  it('is content when one family answers, as on localhost', () => {
    expect(judgeTcp(B, [shut('::1', 6), open('127.0.0.1')]).status).toBe('ok')
  })
})

describe('tls', () => {
  const handshake = {
    done: true as const,
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    subject: 'CN=broker',
    issuer: 'CN=ca',
    names: ['DNS:kafka-1'],
    validToMs: 100 * DAY_MS,
    distrust: null,
  }

  it('shows protocol, cipher, subject, issuer, names and the days left', () => {
    const { status, seen } = judgeTls(B, handshake, 10 * DAY_MS)
    expect(status).toBe('ok')
    for (const part of ['TLSv1.3', 'TLS_AES', 'CN=broker', 'CN=ca', 'DNS:kafka-1', '90 days'])
      expect(seen).toContain(part)
  })

  it('warns two weeks before the certificate expires', () => {
    expect(judgeTls(B, handshake, 87 * DAY_MS).status).toBe('warning')
    expect(judgeTls(B, handshake, 86 * DAY_MS).status).toBe('ok')
  })

  it.each([
    ['CERT_HAS_EXPIRED', 'has expired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'not for this host'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'CN=ca is not trusted'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CN=ca is not trusted'],
  ])('explains %s', (distrust, reason) => {
    const verdict = judgeTls(B, { ...handshake, distrust }, 0)
    expect(verdict).toMatchObject({ status: 'failed', fault: 'connection' })
    expect(verdict.seen).toContain(reason)
    expect(verdict.seen).toContain(distrust)
  })

  it('names a port that does not shake hands', () => {
    const verdict = judgeTls(B, { done: false, reason: 'wrong version number' }, 0)
    expect(verdict).toMatchObject({ status: 'failed', advice: expect.stringContaining('security.protocol') })
  })
})

describe('sasl', () => {
  const notes: string[] = []

  it('finds a listener and settings that do not go together', () => {
    const anonymous = { ssl: null, sasl: null, notes }
    const plain = { ssl: null, sasl: PLAIN, notes }
    expect(judgeMechanism(B, anonymous, null)).toBeNull()
    expect(judgeMechanism(B, plain, ['PLAIN'])).toBeNull()
    expect(judgeMechanism(B, anonymous, ['PLAIN'])).toMatchObject({ status: 'failed', fault: 'access' })
    expect(judgeMechanism(B, plain, null)).toMatchObject({ status: 'failed', fault: 'access' })
    expect(judgeMechanism(B, plain, ['SCRAM-SHA-512'])?.seen).toBe(
      'SASL PLAIN is not offered; the listener has SCRAM-SHA-512',
    )
  })

  it('warns of a password in clear text, never shows it', () => {
    const verdict = judgeLogin(B, { ssl: null, sasl: PLAIN, notes }, ['PLAIN'])
    expect(verdict.status).toBe('warning')
    expect(JSON.stringify(verdict)).not.toContain('secret')
    expect(judgeLogin(B, { ssl: {}, sasl: PLAIN, notes }, ['PLAIN']).status).toBe('ok')
  })
})

describe('api versions', () => {
  const offered = NEEDED_APIS.map(({ key, min, max }) => ({ key, min, max }))

  it('is one line with the versions agreed on, when each request has one in common', () => {
    expect(judgeApiVersions(B, offered)).toMatchObject([{ status: 'ok', seen: expect.stringContaining('Fetch 11,') }])
    const touching = NEEDED_APIS.map(({ key, max }) => ({ key, min: max, max: max + 9 }))
    expect(judgeApiVersions(B, touching)).toMatchObject([{ status: 'ok' }])
  })

  it('names each request that the broker does not speak as we do', () => {
    const others = offered.filter(({ key }) => key !== 0 && key !== 16)
    const verdicts = judgeApiVersions(B, [...others, { key: 0, min: 20, max: 21 }])
    expect(verdicts).toMatchObject([
      { status: 'failed', fault: 'group', seen: 'Produce: we speak 3 to 7, the broker offers 20 to 21' },
      { status: 'warning', seen: 'ListGroups: we speak 0 to 2, the broker does not know it' },
    ])
  })
})
