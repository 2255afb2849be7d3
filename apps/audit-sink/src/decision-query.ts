import { type DecisionSource, sortRecords, toTracedRecord } from '@kafclaw/runtime'
import type { Db } from '@kafclaw/storage'
import { type StoredRecord, toRawRecord } from './stored-record.ts'

/** Rows that one recursion may visit, so that a hostile web of causes ends. */
const MOST_STEPS = 20_000

const COLUMNS = 'r.topic, r."partition", r."offset", r.id, r.correlation_id, r.causation_id'
const AT_EDGE = 'r.topic = e.to_topic and r."partition" = e.to_partition and r."offset" = e.to_offset'
const NAMES_PLACE = "e.kind in ('request', 'dead_letter')"

/**
 * The whole decision in one statement. `start`: what the subject names; what belongs to no task leads to what it is about.
 * `up`: its tasks towards the origin. `down`: all tasks below these. `member`: their records, with causes, what they cite,
 * and what of no task names them.
 */
const DECISION = `
with recursive subject(topic, part, at, name) as (values (?, ?, ?, ?)),
start(topic, part, at, id, task, cause) as (
  select ${COLUMNS} from subject s join record r on r.topic = s.topic and r."partition" = s.part and r."offset" = s.at
  union select ${COLUMNS} from subject s join record r on r.id = s.name
  union select ${COLUMNS} from subject s join record r on r.correlation_id = s.name
  union select ${COLUMNS} from start s join record r on r.id = s.cause where s.task is null
  union select ${COLUMNS} from start s join edge e on e.from_id = s.id and ${NAMES_PLACE} join record r on ${AT_EDGE}
    where s.task is null
  limit ${MOST_STEPS}
),
up(task) as (
  select task from start where task is not null
  union select e.to_id from up join record q on q.correlation_id = up.task and q.type = 'request'
    join edge e on e.from_id = q.id and e.kind = 'parent_task'
  union select c.correlation_id from up join record q on q.correlation_id = up.task and q.type = 'request'
    join record c on c.id = q.causation_id where c.correlation_id is not null
  limit ${MOST_STEPS}
),
down(task) as (
  select task from up
  union select q.correlation_id from down join edge e on e.kind = 'parent_task' and e.to_id = down.task
    join record q on q.id = e.from_id where q.correlation_id is not null
  union select q.correlation_id from down join record c on c.correlation_id = down.task
    join record q on q.causation_id = c.id and q.type = 'request' where q.correlation_id is not null
  limit ${MOST_STEPS}
),
member(topic, part, at, id, task, cause) as (
  select * from start
  union select ${COLUMNS} from down join record r on r.correlation_id = down.task
  union select ${COLUMNS} from member m join record r on r.id = m.cause
  union select ${COLUMNS} from member m join edge e on e.from_id = m.id and (${NAMES_PLACE} or e.kind = 'citation')
    join record r on ${AT_EDGE}
  union select ${COLUMNS} from member m join edge e on e.to_topic = m.topic and e.to_partition = m.part
    and e.to_offset = m.at and ${NAMES_PLACE} join record r on r.id = e.from_id where r.correlation_id is null
  union select ${COLUMNS} from member m join record r on r.causation_id = m.id where r.correlation_id is null
  limit ${MOST_STEPS}
)
select r.topic, r."partition", r."offset", r.timestamp_ms, r."key", r.value, r.headers
from member m join record r on r.topic = m.topic and r."partition" = m.part and r."offset" = m.at
order by r.timestamp_ms, r.topic, r."partition", r."offset" limit ?`

/** The audit file as a source of decisions: one recursive query each. */
export function createDecisionSource(db: Db): DecisionSource {
  const query = db.prepare<[string | null, number | null, number | null, string | null, number], StoredRecord>(DECISION)
  return {
    readDecision(subject, limit) {
      const rows =
        'place' in subject
          ? query.all(subject.place.topic, subject.place.partition, subject.place.offset, null, limit)
          : query.all(null, null, null, subject.name, limit)
      return sortRecords(rows.map((row) => toTracedRecord(toRawRecord(row))))
    },
  }
}
