import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AppError } from '@kafclaw/envelope'
import { tempDir } from '@kafclaw/testing'
import { describe, expect, it } from 'vitest'
import { parseJaasConfig } from './jaas-config.ts'
import { parseJavaProperties } from './java-properties.ts'
import { parseKafkaProperties } from './parse-kafka-properties.ts'

const SCRAM = 'org.apache.kafka.common.security.scram.ScramLoginModule'
const PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule'

function problemsOf(text: string, baseDir = '/nowhere'): string {
  try {
    parseKafkaProperties(text, baseDir)
  } catch (error) {
    expect(error).toMatchObject({ code: 'KC_CONFIG_INVALID' })
    return (error as AppError).message
  }
  return expect.fail('the properties were taken')
}

function makeKey(folder: string, ...options: string[]): { key: string; certificate: string } {
  const key = join(folder, 'client.key')
  const certificate = join(folder, 'client.crt')
  const args = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-keyout',
    key,
    '-out',
    certificate,
    '-days',
    '2',
    '-subj',
    '/CN=me',
  ]
  execFileSync('openssl', [...args, ...options], { stdio: 'pipe' })
  return { key, certificate }
}

describe('a Java properties file', () => {
  it('is read as Java reads it', () => {
    const text = [
      '# comment',
      '! another',
      '',
      'a=1',
      '  b : 2 ',
      'c 3',
      'd=x\\',
      '   y\\',
      '  z',
      'e\\=f\\:g=h=i',
      'u=\\u00fc\\t.',
      'path=C:\\\\dir\\\\',
      'empty=',
      'bare',
      'last = with # sign',
    ].join('\r\n')
    expect(Object.fromEntries(parseJavaProperties(text))).toEqual({
      a: '1',
      b: '2 ',
      c: '3',
      d: 'xyz',
      'e=f:g': 'h=i',
      u: 'ü\t.',
      path: 'C:\\dir\\',
      empty: '',
      bare: '',
      last: 'with # sign',
    })
  })
})

describe('sasl.jaas.config', () => {
  it('is read with values in quotes that hold anything', () => {
    const config = parseJaasConfig(`${SCRAM} required username="a \\"b\\"" password='x; = "y"' tokenauth=true ;`)
    expect(config?.module).toBe('ScramLoginModule')
    expect(Object.fromEntries(config?.options ?? [])).toEqual({
      username: 'a "b"',
      password: 'x; = "y"',
      tokenauth: 'true',
    })
  })

  it.each([
    '',
    'x',
    `${PLAIN} required`,
    `${PLAIN} required username="a"`,
    `${PLAIN} required username;`,
    `${PLAIN} maybe a="b";`,
  ])('is refused when it is not of the form: %s', (text) => expect(parseJaasConfig(text)).toBeNull())
})

describe('Kafka properties', () => {
  it('of nothing mean plain text without credentials', () => {
    expect(parseKafkaProperties('', '/')).toEqual({ ssl: null, sasl: null, notes: [] })
  })

  it.each([
    ['PLAIN', PLAIN, 'plain'],
    ['SCRAM-SHA-256', SCRAM, 'scram-sha-256'],
    ['SCRAM-SHA-512', SCRAM, 'scram-sha-512'],
  ])('take %s', (mechanism, module, name) => {
    const text = `security.protocol=SASL_PLAINTEXT\nsasl.mechanism=${mechanism}\nsasl.jaas.config=${module} required \\\n username="u" password="p";`
    expect(parseKafkaProperties(text, '/')).toMatchObject({
      ssl: null,
      sasl: { mechanism: name, username: 'u', password: 'p' },
    })
  })

  it('take a PEM trust store and key store, relative to their folder, and a key with a password', async () => {
    await using dir = await tempDir()
    const { key, certificate } = makeKey(dir.path, '-passout', 'pass:secret')
    writeFileSync(join(dir.path, 'store.pem'), execFileSync('cat', [key, certificate]))
    const text = `security.protocol=SSL\nssl.truststore.location=client.crt\nssl.truststore.type=PEM\nssl.keystore.location=store.pem\nssl.keystore.type=PEM\nssl.key.password=`
    const { ssl } = parseKafkaProperties(`${text}secret`, dir.path)
    expect(ssl).toMatchObject({ passphrase: 'secret' })
    expect(String(ssl?.ca)).toContain('BEGIN CERTIFICATE')
    expect(String(ssl?.key)).toContain('PRIVATE KEY')
    expect(problemsOf(`${text}wrong`, dir.path)).toContain('ssl.key.password')
  })

  it('check the host name unless told not to', () => {
    expect(parseKafkaProperties('security.protocol=SSL', '/').ssl?.checkServerIdentity).toBeUndefined()
    const { ssl } = parseKafkaProperties('security.protocol=SSL\nssl.endpoint.identification.algorithm=', '/')
    expect(ssl?.checkServerIdentity?.('other', {} as never)).toBeUndefined()
  })

  it('name what they ignore in one note, and what has no effect', () => {
    const { notes } = parseKafkaProperties('security.protocol=PLAINTEXT\ngroup.id=x\nacks=all\nssl.key.password=y', '/')
    expect(notes).toHaveLength(2)
    expect(notes[0]).toContain('acks, group.id')
    expect(notes[1]).toContain('ssl.key.password')
  })

  it('name all problems at once', () => {
    const message = problemsOf(
      'security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI\nssl.truststore.location=missing.pem\nssl.keystore.key=x\nssl.endpoint.identification.algorithm=odd',
    )
    for (const part of ['GSSAPI', 'sasl.jaas.config is missing', 'missing.pem', 'go together', 'odd'])
      expect(message).toContain(part)
  })

  it.each([
    ['security.protocol=TLS', 'not one of PLAINTEXT'],
    [
      `security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config=${SCRAM} required username="u" password="p";`,
      'needs PlainLoginModule',
    ],
    [`security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config=${PLAIN} required;`, 'no username'],
    ['security.protocol=SSL\nssl.truststore.certificates=nothing', 'no certificate in PEM'],
  ])('are refused with a reason: %s', (text, reason) => expect(problemsOf(text)).toContain(reason))

  it.each([
    ['ssl.truststore.type=JKS\nssl.truststore.location=t.jks', 'JKS'],
    ['ssl.truststore.location=t.jks', 'JKS'],
    ['ssl.keystore.location=k.p12', 'PKCS12'],
  ])('tell how to convert a store that is not PEM: %s', (text, type) => {
    const message = problemsOf(`security.protocol=SSL\n${text}`)
    expect(message).toContain(type)
    expect(message).toContain('keytool -importkeystore')
    expect(message).toContain('openssl pkcs12')
  })

  it('never show the password', () => {
    const text = `security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config=${SCRAM} required username="u" password="hunter2";`
    expect(problemsOf(text)).not.toContain('hunter2')
  })
})
