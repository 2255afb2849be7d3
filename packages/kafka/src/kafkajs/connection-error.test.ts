import { AppError } from '@kafclaw/envelope'
import { describe, expect, it } from 'vitest'
import { connectionError } from './connection-error.ts'

function named(name: string, message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), { name }, fields)
}

describe('what a connection throws', () => {
  it('may be tried again when kafkajs calls it plainly `Error: Broker not connected`', () => {
    const error = connectionError(new Error('Broker not connected'), 'b:1')
    expect(error).toMatchObject({ code: 'KC_KAFKA_UNREACHABLE', retryable: true })
    expect(error.message).toContain('b:1')
  })

  it('is judged by its cause when kafkajs calls a broken connection non-retriable', () => {
    const cause = named('KafkaJSConnectionError', 'Connection error: connect ECONNREFUSED', { code: 'ECONNREFUSED' })
    for (const wrapper of ['KafkaJSNonRetriableError', 'KafkaJSNumberOfRetriesExceeded']) {
      const error = connectionError(named(wrapper, 'gave up', { originalError: cause }), 'b:1')
      expect(error).toMatchObject({ code: 'KC_KAFKA_UNREACHABLE', retryable: true })
      expect(error.message).toContain('connect ECONNREFUSED')
    }
  })

  it('is a timeout, with the fate unknown, when no answer came', () => {
    const error = connectionError(named('KafkaJSRequestTimeoutError', 'Request Produce timed out'), 'b:1')
    expect(error).toMatchObject({ code: 'KC_KAFKA_TIMEOUT', retryable: true })
  })

  it.each([
    [named('KafkaJSSASLAuthenticationError', 'SASL PLAIN authentication failed'), 'KC_KAFKA_AUTHENTICATION'],
    [named('KafkaJSProtocolError', 'no', { type: 'SASL_AUTHENTICATION_FAILED' }), 'KC_KAFKA_AUTHENTICATION'],
    [
      named('KafkaJSConnectionError', 'alert', { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' }),
      'KC_KAFKA_AUTHENTICATION',
    ],
    [
      named('KafkaJSConnectionError', 'alert', { code: 'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE' }),
      'KC_KAFKA_AUTHENTICATION',
    ],
    [named('KafkaJSConnectionError', 'self-signed', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'KC_KAFKA_TLS'],
    [named('KafkaJSConnectionError', 'names', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), 'KC_KAFKA_TLS'],
    [named('KafkaJSConnectionError', 'expired', { code: 'CERT_HAS_EXPIRED' }), 'KC_KAFKA_TLS'],
  ])('is final when only a person can mend it: %s', (thrown, code) => {
    expect(connectionError(thrown, 'b:1')).toMatchObject({ code, retryable: false })
  })

  it('stays what it is when it is an AppError already', () => {
    const error = new AppError('KC_INTERRUPTED', 'closed')
    expect(connectionError(error, 'b:1')).toBe(error)
  })
})
