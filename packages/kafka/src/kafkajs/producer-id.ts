import { createByteReader } from '../record-batch/byte-reader.ts'
import { createByteWriter } from '../record-batch/byte-writer.ts'
import type { ProducerStamp } from '../record-batch/encode-record-batch.ts'
import { answerError } from './answer-code.ts'
import { API_KEYS } from './api-keys.ts'
import type { BrokerLink } from './broker-link.ts'

/**
 * An identity under which brokers refuse to write a batch twice (KIP-98). Each partition counts its records; a batch that is
 * sent again carries the number it had. One that is given up leaves the count unknown, and the identity is then done with.
 */
export interface ProducerId {
  stamp(topic: string, partition: number): ProducerStamp
  /** Counts records that the broker has acknowledged. */
  advance(topic: string, partition: number, count: number): void
}

/** InitProducerId request, version 0 or 1, to any broker. */
export async function fetchProducerId(link: BrokerLink): Promise<ProducerId> {
  const writer = createByteWriter()
  // No transactional id; the transaction timeout means nothing without one.
  writer.int16(-1)
  writer.int32(60_000)
  const { errorCode, producerId, epoch } = await link.send({
    apiKey: API_KEYS.initProducerId,
    apiVersion: link.version(API_KEYS.initProducerId, { min: 0, max: 1 }),
    apiName: 'InitProducerId',
    body: writer.bytes(),
    decode(payload) {
      const reader = createByteReader(payload)
      reader.int32()
      return { errorCode: reader.int16(), producerId: reader.int64(), epoch: reader.int16() }
    },
  })
  if (errorCode !== 0)
    throw answerError(errorCode, 'an idempotent producer (IDEMPOTENT_WRITE on the cluster, or idempotence off)')
  return createProducerId(producerId, epoch)
}

function createProducerId(producerId: number, epoch: number): ProducerId {
  const sequences = new Map<string, number>()
  return {
    stamp: (topic, partition) => ({ producerId, epoch, sequence: sequences.get(`${topic}/${partition}`) ?? 0 }),
    advance(topic, partition, count) {
      const key = `${topic}/${partition}`
      // INT32 on the wire, and the broker wraps to 0 the same way.
      sequences.set(key, ((sequences.get(key) ?? 0) + count) % 0x8000_0000)
    },
  }
}
