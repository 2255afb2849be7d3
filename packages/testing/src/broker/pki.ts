import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startFailed } from './broker-error.ts'
import { runCommand } from './command.ts'

export interface Pki {
  /** Certificate of the authority that signed all others, PEM. */
  caPath: string
  /** Key and certificate of the broker in one file, as Kafka's PEM key store wants them. */
  brokerStorePath: string
  /** Certificate and key of a user (CN = user name), each in a file of its own, and both in one for Java clients. */
  client(user: string): { certPath: string; keyPath: string; storePath: string }
}

const NEW_EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
const DAYS = '30'

/** Makes an authority, a certificate for 127.0.0.1 and one for each user; needs openssl. */
export async function createPki(folder: string, users: readonly string[]): Promise<Pki> {
  mkdirSync(folder, { recursive: true })
  const path = (name: string) => join(folder, name)
  await openssl(
    'req',
    '-x509',
    ...NEW_EC_KEY,
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.crt'),
    '-days',
    DAYS,
    '-subj',
    '/CN=kafclaw-test-ca',
  )
  await signed(folder, 'broker', 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n')
  for (const user of users) await signed(folder, user, 'extendedKeyUsage=clientAuth\n')
  return {
    caPath: path('ca.crt'),
    brokerStorePath: path('broker.pem'),
    client: (user) => ({ certPath: path(`${user}.crt`), keyPath: path(`${user}.key`), storePath: path(`${user}.pem`) }),
  }
}

async function signed(folder: string, name: string, extensions: string): Promise<void> {
  const path = (ending: string) => join(folder, `${name}.${ending}`)
  const authority = ['-CA', join(folder, 'ca.crt'), '-CAkey', join(folder, 'ca.key'), '-CAcreateserial']
  writeFileSync(path('ext'), extensions)
  await openssl('req', ...NEW_EC_KEY, '-keyout', path('key'), '-out', path('csr'), '-subj', `/CN=${name}`)
  await openssl(
    'x509',
    '-req',
    '-in',
    path('csr'),
    ...authority,
    '-days',
    DAYS,
    '-extfile',
    path('ext'),
    '-out',
    path('crt'),
  )
  writeFileSync(path('pem'), readFileSync(path('key'), 'utf8') + readFileSync(path('crt'), 'utf8'), { mode: 0o600 })
}

async function openssl(...args: string[]): Promise<void> {
  const { code, output } = await runCommand('openssl', args)
  if (code !== 0) throw startFailed('openssl, which makes the certificates of a secure test broker, failed', output)
}
