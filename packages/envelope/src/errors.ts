/** What callers are told about an error: the part of an AppError that is safe to show to anybody. */
export interface ErrorEntry {
  /** The same call may succeed later without anybody changing anything. */
  readonly retryable: boolean
  /** HTTP status for gateways and admin ports. */
  readonly httpStatus: number
  /** One sentence: what happened and what to do. */
  readonly publicMessage: string
}

const again = (httpStatus: number, publicMessage: string): ErrorEntry => ({
  retryable: true,
  httpStatus,
  publicMessage,
})
const final = (httpStatus: number, publicMessage: string): ErrorEntry => ({
  retryable: false,
  httpStatus,
  publicMessage,
})

/** Every error code of the product, sorted; docs/errors.md is generated from it. */
export const ERRORS = {
  KC_AGENT_REPLACED: final(
    409,
    'A newer boot of the same agent is running. Stop one of the two, or give one another id.',
  ),
  KC_AGENT_UNKNOWN: final(404, 'No agent of that id has announced itself. Run `kafclaw agents` to see who is there.'),
  KC_BROKER_START_FAILED: again(500, 'The Kafka that was started here did not become usable. Its last words follow.'),
  KC_BROKER_UNAVAILABLE: final(
    503,
    'No Kafka is named and none can be started here. Set KAFCLAW_KAFKA_BROKERS, or install Java 17 and Maven, or Docker.',
  ),
  KC_BUG: final(500, 'KafClaw did something that it should never do. Please report it with the log lines around it.'),
  KC_CONFIG_INVALID: final(400, 'The settings are not valid. Correct each of the problems listed and start again.'),
  KC_DEMO_FAILED: final(
    500,
    'The demo ran but its result is not what it must be. The message names the check that failed.',
  ),
  KC_ENVELOPE_BAD_JSON: final(400, 'The value of the record is not JSON. Send one JSON object in UTF-8.'),
  KC_ENVELOPE_BAD_UTF8: final(400, 'The value of the record is not valid UTF-8. Encode it as UTF-8 before sending.'),
  KC_ENVELOPE_DATED_AHEAD: final(
    400,
    'The request is dated more than one hour after it was appended. Set the clock of the sender, or leave timestamp out.',
  ),
  KC_ENVELOPE_DUPLICATE_KEY: final(400, 'An object in the record has the same member twice. Send each member once.'),
  KC_ENVELOPE_INVALID: final(400, 'The record does not follow the schema of its type. The message names the field.'),
  KC_ENVELOPE_LIFE_TOO_LONG: final(
    400,
    'The deadline expires_at is more than six days after timestamp. Ask with a nearer deadline.',
  ),
  KC_ENVELOPE_SCOPE_MISMATCH: final(
    400,
    'The group, zone or skill in the record is not that of its topic. Leave the field out, or use the right topic.',
  ),
  KC_ENVELOPE_TOO_DEEP: final(400, 'The record is nested more than 32 levels deep. Flatten it.'),
  KC_ENVELOPE_TOO_LARGE: final(413, 'The record is too large. Store the content elsewhere and send a reference to it.'),
  KC_ENVELOPE_TOO_MANY_MEMBERS: final(400, 'The record has more than 10,000 members and elements. Send less in one.'),
  KC_ENVELOPE_UNSAFE_INTEGER: final(400, 'A number in the record is beyond 2^53. Send it as a string.'),
  KC_ENVELOPE_WRONG_TOPIC: final(400, 'A record of this type does not belong on this topic. See docs/topics.md.'),
  KC_GROUP_MISSING: final(
    404,
    'The group has no topics here. Create them with `kafclaw topics apply`, or start it with `kafclaw up`.',
  ),
  KC_HTTP_BAD_REQUEST: final(400, 'The HTTP request was not understood. Check its path, headers and body.'),
  KC_HTTP_CANNOT_LISTEN: final(500, 'The address cannot be listened on. Choose another one with KAFCLAW_ADMIN_ADDR.'),
  KC_HTTP_NOT_AUTHENTICATED: final(
    401,
    'The bearer token is missing or wrong. Send it as `Authorization: Bearer <token>`.',
  ),
  KC_INTERRUPTED: again(503, 'The work was interrupted. Start it again when you are ready.'),
  KC_KAFKA_AUTHENTICATION: final(401, 'Kafka did not accept the credentials. Check KAFCLAW_KAFKA_PROPERTIES.'),
  KC_KAFKA_FAILED: again(503, 'Kafka answered with an error. The message has the reason it gave.'),
  KC_KAFKA_NOT_AUTHORISED: final(403, 'Kafka does not allow this. Ask for the ACL that the message names.'),
  KC_KAFKA_RECORD_TOO_LARGE: final(
    413,
    'Kafka refuses the record because of its size. Raise max.message.bytes or send less.',
  ),
  KC_KAFKA_REJECTED: final(
    400,
    'Kafka refused the request and will refuse it again. The message has the reason it gave.',
  ),
  KC_KAFKA_TIMEOUT: again(
    504,
    'Kafka did not answer in time; whether the record was written is unknown. It is sent again.',
  ),
  KC_KAFKA_TLS: final(
    400,
    'The TLS connection to Kafka failed. Check the certificates that KAFCLAW_KAFKA_PROPERTIES names.',
  ),
  KC_KAFKA_UNKNOWN_TOPIC: final(
    404,
    'The topic does not exist. Run `kafclaw topics apply` to create the topics of the group.',
  ),
  KC_KAFKA_UNREACHABLE: again(503, 'Kafka cannot be reached. Check KAFCLAW_KAFKA_BROKERS and that the brokers are up.'),
  KC_KAFKA_UNREADABLE: final(
    502,
    'A batch on the topic cannot be read. The message names topic, partition and offset.',
  ),
  KC_LOG_FOREIGN: final(409, 'The log is another one than this service had read. It begins anew.'),
  KC_LOG_FULL: again(507, 'The embedded log cannot grow because the disk is full. Free some space.'),
  KC_LOG_RECORD_GONE: final(410, 'The record is not on the log any more: retention has deleted it.'),
  KC_LOG_REWOUND: final(
    409,
    'The topic ends before the position that was read last. If that is meant, run `kafclaw topics accept <topic>`.',
  ),
  KC_MEMORY_FAILED: again(503, 'The memory index could not answer. The message has the reason.'),
  KC_MODEL_AUTHENTICATION: final(401, 'The model endpoint did not accept the key. Check KAFCLAW_MODEL_KEY.'),
  KC_MODEL_RATE_LIMITED: again(429, 'The model endpoint limits the rate of calls. It is tried again later.'),
  KC_MODEL_REJECTED: final(422, 'The model endpoint refused the request. The message has the reason it gave.'),
  KC_MODEL_TIMEOUT: again(504, 'The model endpoint did not answer in time. It is tried again.'),
  KC_MODEL_UNREACHABLE: again(503, 'The model endpoint cannot be reached. Check KAFCLAW_MODEL_URL.'),
  KC_NOT_FOUND: final(404, 'There is nothing under that name. Check the spelling.'),
  KC_RUNTIME_BUG: final(500, 'A handler failed on a record. Please report it with the log lines around it.'),
  KC_RUNTIME_STOPPED: again(503, 'The service is stopping. Try again when it is back.'),
  KC_RUN_FAILED: final(500, 'The run of the task failed. The message has the reason.'),
  KC_RUN_IN_DOUBT: final(
    409,
    'It is not known whether a call of the run happened, and a person has decided that the run ends there.',
  ),
  KC_RUN_NON_DETERMINISM: final(
    409,
    'The run came to another step than its journal holds, so it cannot go on. Ask again under a new task.',
  ),
  KC_RUN_STOPPED: again(503, 'The run stopped before its end; the task goes on elsewhere or later.'),
  KC_STORAGE_BUSY: again(503, 'The database is locked by another process. It is tried again.'),
  KC_STORAGE_CORRUPT: final(500, 'The database file is damaged. Restore it, or remove it and let it be built anew.'),
  KC_STORAGE_FAILED: final(500, 'The database did not accept the statement. The message has the reason.'),
  KC_STORAGE_FULL: again(507, 'The disk is full. Free some space; nothing was acknowledged that was not stored.'),
  KC_STORAGE_LOCKED: final(409, 'The data folder is in use by another process. Stop it, or choose another folder.'),
  KC_STORAGE_NEWER: final(
    409,
    'The database file was written by a newer release. Use that release, or another folder.',
  ),
  KC_STORAGE_READONLY: final(403, 'The database file cannot be written. Check the permissions of the data folder.'),
  KC_TASK_CANCELLED: final(410, 'The task was cancelled by somebody who does not want it any more.'),
  KC_TASK_EXHAUSTED: final(500, 'The task was given up after attempts that made no progress. See its trace.'),
  KC_TASK_EXPIRED: final(410, 'The deadline of the task has passed. Ask again with a later one.'),
  KC_TASK_TIMEOUT: again(504, 'Waiting for the outcome timed out. The task goes on; follow it with `kafclaw trace`.'),
  KC_TOOL_FAILED: final(500, 'A tool could not do its work. The message has the reason.'),
  KC_TOPIC_MISMATCH: final(
    409,
    'A topic exists with other settings than it must have. The message names each difference.',
  ),
  KC_USAGE: final(400, 'The command was not understood. Run it with --help.'),
} as const satisfies Record<`KC_${string}`, ErrorEntry>

export type ErrorCode = keyof typeof ERRORS
/** The codes that `decode` gives a record that no reader can accept. */
export type PoisonCode = Extract<ErrorCode, `KC_ENVELOPE_${string}`>

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value)
}
