import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** Collects what is wrong, so that all of it can be said at once. */
export interface Problems {
  add(text: string): void
}

export interface PemSource {
  /** The property group: `ssl.truststore` or `ssl.keystore`. */
  prefix: string
  properties: ReadonlyMap<string, string>
  baseDir: string
  problems: Problems
}

/** The PEM text behind `<prefix>.location`; null when it is not set or unusable, which is then noted. */
export function readPemStore({ prefix, properties, baseDir, problems }: PemSource): string | null {
  const location = properties.get(`${prefix}.location`)
  const type = (properties.get(`${prefix}.type`) ?? guessType(location)).toUpperCase()
  if (type !== 'PEM') {
    const what = location ?? '<store>'
    problems.add(
      `${prefix}.type=${type} cannot be read; convert it once to PEM and set ${prefix}.type=PEM: keytool -importkeystore -srckeystore ${what} -destkeystore store.p12 -deststoretype PKCS12, then openssl pkcs12 -in store.p12 -out store.pem -nodes`,
    )
    return null
  }
  if (location === undefined) return null
  try {
    return readFileSync(resolve(baseDir, location), 'utf8')
  } catch (error) {
    problems.add(
      `${prefix}.location=${location} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
    return null
  }
}

function guessType(location: string | undefined): string {
  if (location === undefined) return 'PEM'
  if (/\.(jks|keystore|truststore)$/i.test(location)) return 'JKS'
  return /\.(p12|pfx|pkcs12)$/i.test(location) ? 'PKCS12' : 'PEM'
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g
const PRIVATE_KEY =
  /-----BEGIN (?:ENCRYPTED |EC |RSA )?PRIVATE KEY-----[\s\S]*?-----END (?:ENCRYPTED |EC |RSA )?PRIVATE KEY-----/

/** The certificates in a PEM text, checked; a property value may hold them in one line, as Java allows. */
export function pemCertificates(text: string, from: string, problems: Problems): string | null {
  const blocks = unfold(text).match(CERTIFICATE) ?? []
  if (blocks.length === 0) {
    problems.add(`${from} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)`)
    return null
  }
  try {
    for (const block of blocks) new X509Certificate(block)
  } catch {
    problems.add(`${from} holds a certificate that cannot be read`)
    return null
  }
  return `${blocks.join('\n')}\n`
}

/** The private key in a PEM text, checked together with its password. */
export function pemPrivateKey(
  text: string,
  from: string,
  { password, problems }: { password: string | undefined; problems: Problems },
): string | null {
  const block = PRIVATE_KEY.exec(unfold(text))?.[0]
  if (!block) {
    problems.add(`${from} holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)`)
    return null
  }
  try {
    createPrivateKey(password === undefined ? { key: block } : { key: block, passphrase: password })
    return `${block}\n`
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    problems.add(`the private key in ${from} cannot be read; check ssl.key.password (${reason})`)
    return null
  }
}

const PEM_BLOCK = /-----BEGIN ([A-Z ]+)-----([\s\S]*?)-----END \1-----/g

/** One-line PEM, as in a properties file, back into lines; what stands outside the blocks is dropped. */
function unfold(text: string): string {
  const blocks = [...text.matchAll(PEM_BLOCK)].map(([, label = '', body = '']) => {
    const lines = body.replace(/\s+/g, '').match(/.{1,64}/g) ?? []
    return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join('\n')
  })
  return blocks.join('\n')
}
