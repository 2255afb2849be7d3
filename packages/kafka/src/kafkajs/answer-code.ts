import { AppError, type ErrorCode } from '@kafclaw/envelope'

/**
 * What an error code of a broker means to us:
 * `stale`: somebody else leads now, ask for metadata; `retry`: later; `missing`: the topic does not exist (yet);
 * `lost_producer`: the broker knows nothing of our sequence, begin anew with another producer id;
 * `duplicate`: it is written already, nobody knows where; `refused`: never, whoever tries again.
 */
type AnswerKind =
  | 'ok'
  | 'stale'
  | 'retry'
  | 'missing'
  | 'exists'
  | 'out_of_range'
  | 'not_authorised'
  | 'too_large'
  | 'lost_producer'
  | 'duplicate'
  | 'refused'

interface AnswerCode {
  name: string
  kind: AnswerKind
}

/** Protocol guide, "Error Codes"; those not listed count as `refused`. */
const CODES: Record<number, AnswerCode> = {
  [-1]: { name: 'UNKNOWN_SERVER_ERROR', kind: 'retry' },
  0: { name: 'NONE', kind: 'ok' },
  1: { name: 'OFFSET_OUT_OF_RANGE', kind: 'out_of_range' },
  2: { name: 'CORRUPT_MESSAGE', kind: 'retry' },
  3: { name: 'UNKNOWN_TOPIC_OR_PARTITION', kind: 'missing' },
  5: { name: 'LEADER_NOT_AVAILABLE', kind: 'stale' },
  6: { name: 'NOT_LEADER_OR_FOLLOWER', kind: 'stale' },
  7: { name: 'REQUEST_TIMED_OUT', kind: 'retry' },
  8: { name: 'BROKER_NOT_AVAILABLE', kind: 'stale' },
  9: { name: 'REPLICA_NOT_AVAILABLE', kind: 'stale' },
  10: { name: 'MESSAGE_TOO_LARGE', kind: 'too_large' },
  13: { name: 'NETWORK_EXCEPTION', kind: 'stale' },
  14: { name: 'COORDINATOR_LOAD_IN_PROGRESS', kind: 'retry' },
  15: { name: 'COORDINATOR_NOT_AVAILABLE', kind: 'retry' },
  16: { name: 'NOT_COORDINATOR', kind: 'retry' },
  18: { name: 'RECORD_LIST_TOO_LARGE', kind: 'too_large' },
  19: { name: 'NOT_ENOUGH_REPLICAS', kind: 'retry' },
  20: { name: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', kind: 'retry' },
  29: { name: 'TOPIC_AUTHORIZATION_FAILED', kind: 'not_authorised' },
  30: { name: 'GROUP_AUTHORIZATION_FAILED', kind: 'not_authorised' },
  31: { name: 'CLUSTER_AUTHORIZATION_FAILED', kind: 'not_authorised' },
  36: { name: 'TOPIC_ALREADY_EXISTS', kind: 'exists' },
  41: { name: 'NOT_CONTROLLER', kind: 'stale' },
  45: { name: 'OUT_OF_ORDER_SEQUENCE_NUMBER', kind: 'lost_producer' },
  46: { name: 'DUPLICATE_SEQUENCE_NUMBER', kind: 'duplicate' },
  47: { name: 'INVALID_PRODUCER_EPOCH', kind: 'lost_producer' },
  49: { name: 'INVALID_PRODUCER_ID_MAPPING', kind: 'lost_producer' },
  51: { name: 'CONCURRENT_TRANSACTIONS', kind: 'retry' },
  56: { name: 'KAFKA_STORAGE_ERROR', kind: 'stale' },
  59: { name: 'UNKNOWN_PRODUCER_ID', kind: 'lost_producer' },
  72: { name: 'LISTENER_NOT_FOUND', kind: 'stale' },
  74: { name: 'FENCED_LEADER_EPOCH', kind: 'stale' },
  75: { name: 'UNKNOWN_LEADER_EPOCH', kind: 'stale' },
  76: { name: 'UNSUPPORTED_COMPRESSION_TYPE', kind: 'refused' },
  78: { name: 'OFFSET_NOT_AVAILABLE', kind: 'retry' },
  87: { name: 'INVALID_RECORD', kind: 'refused' },
  89: { name: 'THROTTLING_QUOTA_EXCEEDED', kind: 'retry' },
  100: { name: 'UNKNOWN_TOPIC_ID', kind: 'missing' },
}

const OTHER_NAMES: Record<number, string> = {
  17: 'INVALID_TOPIC_EXCEPTION',
  32: 'INVALID_TIMESTAMP',
  35: 'UNSUPPORTED_VERSION',
  37: 'INVALID_PARTITIONS',
  38: 'INVALID_REPLICATION_FACTOR',
  40: 'INVALID_CONFIG',
  42: 'INVALID_REQUEST',
  44: 'POLICY_VIOLATION',
}

export function answerCode(code: number): AnswerCode {
  return CODES[code] ?? { name: OTHER_NAMES[code] ?? `error code ${code}`, kind: 'refused' }
}

/** The error that callers get for a broker's answer; `what` names the thing asked for, such as `topic group.acme.requests`. */
export function answerError(code: number, what: string, brokerSays = ''): AppError {
  const { name, kind } = answerCode(code)
  const reason = brokerSays ? `${name}: ${brokerSays}` : name
  const [errorCode, text] = wording(kind, what)
  return new AppError(errorCode, `${text} (Kafka says ${reason})`, { details: { kafkaCode: code, what } })
}

function wording(kind: AnswerKind, what: string): [ErrorCode, string] {
  switch (kind) {
    case 'missing':
      return ['KC_KAFKA_UNKNOWN_TOPIC', `There is no ${what}; create it, or check its name`]
    case 'not_authorised':
      return ['KC_KAFKA_NOT_AUTHORISED', `This user may not use ${what}; ask for an ACL that allows it`]
    case 'too_large':
      return ['KC_KAFKA_RECORD_TOO_LARGE', `A record is too large for ${what}; send less, or raise max.message.bytes`]
    case 'refused':
    case 'exists':
      return ['KC_KAFKA_REJECTED', `Kafka refused the request for ${what} and will refuse it again`]
    case 'ok':
    case 'stale':
    case 'retry':
    case 'out_of_range':
    case 'lost_producer':
    case 'duplicate':
      return ['KC_KAFKA_FAILED', `Kafka could not serve ${what} just now`]
  }
}
