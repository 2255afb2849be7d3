import { answerError } from '../kafkajs/answer-code.ts'
import { API_KEYS } from '../kafkajs/api-keys.ts'
import type { BrokerLink } from '../kafkajs/broker-link.ts'
import { createByteReader } from '../record-batch/byte-reader.ts'
import { createByteWriter } from '../record-batch/byte-writer.ts'

/** The broker's answer on a listener that does not use SASL. */
const ILLEGAL_SASL_STATE = 34
const UNSUPPORTED_MECHANISM = 33

/** SaslHandshake request, version 1: the mechanisms of the listener; null where it does not use SASL. The link is used up. */
export async function fetchSaslMechanisms(link: BrokerLink, mechanism: string): Promise<string[] | null> {
  const writer = createByteWriter()
  writer.string(mechanism)
  // An object, because kafkajs looks for a throttle time in whatever was decoded.
  const answer = await link.send({
    apiKey: API_KEYS.saslHandshake,
    apiVersion: link.version(API_KEYS.saslHandshake, { min: 1, max: 1 }),
    apiName: 'SaslHandshake',
    body: writer.bytes(),
    decode(payload) {
      const reader = createByteReader(payload)
      const errorCode = reader.int16()
      const mechanisms = reader.array(() => reader.string())
      if (errorCode === ILLEGAL_SASL_STATE) return { mechanisms: null }
      if (errorCode !== 0 && errorCode !== UNSUPPORTED_MECHANISM) throw answerError(errorCode, 'SASL')
      return { mechanisms }
    },
  })
  return answer.mechanisms
}
