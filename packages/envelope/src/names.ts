/** Group, zone and agent id: a segment that is safe in topic names, ACL prefixes, paths and URLs. */
export const NAME_PATTERN = '^[a-z0-9][a-z0-9_-]{0,62}$'
/**
 * A skill: name segments joined by dots, 95 characters at most. Kafka allows 249 in a topic name, of which the rest of
 * `group.<g>.zone.<z>.skill.<s>.requests` takes up to 154.
 */
export const SKILL_PATTERN = '^(?=.{1,95}$)[a-z0-9][a-z0-9_-]{0,62}(\\.[a-z0-9][a-z0-9_-]{0,62})*$'
/** Ids are visible ASCII, because they are hashed with newlines between them, and printed. */
export const ID_PATTERN = '^[!-~]{1,160}$'
/** Ids of records are shorter, because the task id of a request may be `task_` and its id. */
export const RECORD_ID_PATTERN = '^[!-~]{1,128}$'

const nameRegExp = new RegExp(NAME_PATTERN)
const skillRegExp = new RegExp(SKILL_PATTERN)
const idRegExp = new RegExp(ID_PATTERN)
const recordIdRegExp = new RegExp(RECORD_ID_PATTERN)

export function isName(value: unknown): value is string {
  return typeof value === 'string' && nameRegExp.test(value)
}

export function isSkillName(value: unknown): value is string {
  return typeof value === 'string' && skillRegExp.test(value)
}

export function isId(value: unknown): value is string {
  return typeof value === 'string' && idRegExp.test(value)
}

export function isRecordId(value: unknown): value is string {
  return typeof value === 'string' && recordIdRegExp.test(value)
}
