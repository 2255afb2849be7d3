import { AppError } from '@kafclaw/envelope'

interface Thrown {
  name: string
  message: string
  code: string
  type: string
  cause: unknown
}

function read(thrown: unknown): Thrown {
  const fields = typeof thrown === 'object' && thrown !== null ? thrown : {}
  const text = (name: string): string => {
    const value = Reflect.get(fields, name)
    return typeof value === 'string' ? value : ''
  }
  return {
    name: text('name'),
    message: text('message') || String(thrown),
    code: text('code'),
    type: text('type'),
    cause: Reflect.get(fields, 'originalError') ?? Reflect.get(fields, 'cause'),
  }
}

// kafkajs prefixes what the socket said.
const plain = (message: string): string => message.replace(/^Connection error: /, '')

const REFUSED_CERTIFICATE =
  /^ERR_SSL_(TLSV\d+_ALERT|SSLV3_ALERT|SSL\/TLS_ALERT)_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|HANDSHAKE_FAILURE)/
const BAD_SERVER = /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|ERR_TLS_CERT|ERR_SSL_|HOSTNAME_MISMATCH|INVALID_CA)/
// A broken local key or certificate fails before anything is sent.
const BAD_LOCAL_KEY = /^(ERR_OSSL_|EKEY)/

/**
 * Turns whatever a call over a connection threw into an AppError: KC_KAFKA_AUTHENTICATION, KC_KAFKA_TLS, KC_KAFKA_TIMEOUT (sent,
 * no answer), else KC_KAFKA_UNREACHABLE. kafkajs hides connection errors as the cause of non-retriable ones and throws a plain
 * `Error: Broker not connected`; all of these may be tried again.
 */
export function connectionError(thrown: unknown, address: string): AppError {
  if (thrown instanceof AppError) return thrown
  const error = read(thrown)
  if (error.cause !== undefined && error.cause !== thrown && /NumberOfRetries|NonRetriable/.test(error.name)) {
    return connectionError(error.cause, address)
  }
  const options = { cause: thrown, details: { address } }
  if (error.name === 'KafkaJSSASLAuthenticationError' || /SASL_/.test(error.type)) {
    const text = `Kafka at ${address} did not accept the credentials: ${plain(error.message)}; check sasl.mechanism and sasl.jaas.config`
    return new AppError('KC_KAFKA_AUTHENTICATION', text, options)
  }
  if (REFUSED_CERTIFICATE.test(error.code)) {
    const text = `Kafka at ${address} did not accept the client certificate (${error.code}); check ssl.keystore.*`
    return new AppError('KC_KAFKA_AUTHENTICATION', text, options)
  }
  if (BAD_SERVER.test(error.code) || BAD_LOCAL_KEY.test(error.code)) {
    const text = `No TLS connection to ${address}: ${plain(error.message)} (${error.code}); check ssl.truststore.*, ssl.keystore.*, the host name, and that the port speaks TLS`
    return new AppError('KC_KAFKA_TLS', text, options)
  }
  if (error.name === 'KafkaJSRequestTimeoutError') {
    return new AppError('KC_KAFKA_TIMEOUT', `Kafka at ${address} did not answer in time`, options)
  }
  return new AppError('KC_KAFKA_UNREACHABLE', `Kafka at ${address} is out of reach: ${plain(error.message)}`, options)
}
