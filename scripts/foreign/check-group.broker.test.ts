import { decode, partitionFor, topicName } from '@kafclaw/envelope'
import { type OutgoingRecord, readAll } from '@kafclaw/kafka'
import { expect, it } from 'vitest'
import { readGolden, readPoison } from '../../packages/envelope/test/golden-files.ts'
import { mutateBytes, mutateJson } from '../../packages/envelope/test/mutations.ts'
import { foldTopics } from '../chaos/reading/fold-topics.ts'
import { checkGroup, findDisagreements } from './check-group.ts'
import { installLanguages } from './languages.ts'
import { createRandom } from './random.ts'
import { createForeignGroup, type ForeignGroup } from './test-group.ts'

const isCi = process.env.CI === 'true'
const { python } = await installLanguages(['python'])
if (!python.ok) process.stderr.write(`\n!!! THE CHECKER IN PYTHON IS NOT TESTED: ${python.reason}\n\n`)

const SEED = Number(process.env.KAFCLAW_SEED ?? 20_261_125)
const ASKED = 300
const RANDOM_RECORDS = 4000
const MUTATED_RECORDS = 4000
const RECORD_TYPES = ['request', 'response', 'task_status'] as const
type RecordType = (typeof RECORD_TYPES)[number]

it.runIf(python.ok || isCi)(
  'comes in Python, from docs/wire.md alone, to what packages/tasks makes of the same topics',
  async () => {
    await using group = await createForeignGroup({ byGroup: [], byClaim: ['reverse'] })
    const next = createRandom(SEED)
    const stopAgents = await askNatives(group, next)
    await write(group, randomRecords(group, next))
    await write(group, hostileRecords(group, next))
    // Both readers must find the same ends.
    await stopAgents()

    const fromTopics = await foldTopics(group.log, group.scope, group.partitions)
    const check = await checkGroup(group.brokers.split(','), group.scope)
    const differing = findDisagreements(check, fromTopics).map((id) => ({
      id,
      native: fromTopics.get(id),
      python: check.tasks[id],
    }))
    expect(differing, `seed ${SEED}`).toEqual([])
    expect(check).toMatchObject(await countRecords(group))

    // The comparison is worth something only if the rules had something to decide.
    const tasks = [...fromTopics.values()]
    expect(tasks.filter(({ claim }) => (claim?.attempt ?? 0) > 1).length).toBeGreaterThan(50)
    expect(tasks.filter(({ requests }) => requests.length > 1).length).toBeGreaterThan(50)
    expect(tasks.filter(({ outcome }) => outcome !== null).length).toBeGreaterThan(ASKED)
    expect(tasks.filter(({ released }) => released !== null).length).toBeGreaterThan(10)
    expect(check.misplaced).toBeGreaterThan(100)
    expect(check.poison).toBeGreaterThan(500)
  },
)

/** Three workers that race for a few hundred tasks, some of them asked more than once; returns how to stop them. */
async function askNatives(group: ForeignGroup, next: () => number): Promise<() => Promise<unknown>> {
  const stops: Array<() => Promise<void>> = []
  for (const id of ['a', 'b', 'c']) {
    const options = { skills: ['chat', 'reverse'], answer: (question: string) => `${id}: ${question}` }
    stops.push(await group.startAgent(id, options))
  }
  const questions = Array.from({ length: ASKED }, (_, n) => ({
    taskId: `asked-${n}`,
    payload: { content: `question ${n}`, skill: n % 3 === 0 ? 'reverse' : 'chat' },
  }))
  const asked = await group.client.askAll(questions)
  for (const { taskId, payload } of questions.filter(() => next() % 4 === 0)) {
    await group.client.publish({ type: 'request', correlation_id: taskId, payload })
  }
  await Promise.all(asked.map(({ outcome }) => outcome))
  return () => Promise.all(stops.map((stop) => stop()))
}

/** Valid records about a few tasks, in any order, some of them not at home. No agent has the skill, so nobody interferes. */
function randomRecords(group: ForeignGroup, next: () => number): OutgoingRecord[] {
  const pick = <T>(values: readonly T[]): T => values[next() % values.length] as T
  return Array.from({ length: RANDOM_RECORDS }, () => {
    const taskId = `raced-${next() % 250}`
    const type = pick(['request', 'response', 'task_status', 'task_status', 'task_status'] as const)
    const run = `run-${next() % 3}`
    const place = {
      topic: topicName(group.scope, 'requests'),
      partition: next() % group.partitions,
      offset: next() % 50,
    }
    const payload = {
      request: { content: 'nobody has this skill', skill: 'nobody' },
      response: { status: pick(['completed', 'failed', 'cancelled', 'paused']), run_id: pick([run, null]) },
      task_status: {
        status: pick(['claimed', 'claimed', 'progress', 'released', 'assigned', 'paused']),
        attempt: 1 + (next() % 4),
        run_id: run,
        agent_id: pick(['x', 'y']),
        boot: 1,
        request: place,
        reason: pick(['error', 'shutdown', null]),
      },
    }[type]
    const value = Buffer.from(JSON.stringify({ type, correlation_id: taskId, payload }))
    const partition = next() % 8 === 0 ? next() % group.partitions : partitionFor(taskId, group.partitions)
    return { ...onTopic(group, type), partition, key: pick([Buffer.from(taskId), null]), value }
  })
}

/** Golden and poison records as they are, and golden ones with a few members or bytes changed. */
function hostileRecords(group: ForeignGroup, next: () => number): OutgoingRecord[] {
  const golden = readGolden('valid').flatMap(({ record }) => {
    const value: { type: RecordType } = JSON.parse(String(record.value).replaceAll('acme', group.scope.group))
    return RECORD_TYPES.includes(value.type) ? [value] : []
  })
  const place = (type: RecordType, value: Buffer | null): OutgoingRecord => ({
    ...onTopic(group, type),
    partition: next() % group.partitions,
    key: null,
    value,
  })
  const mutated = Array.from({ length: MUTATED_RECORDS }, (_, n) => {
    const source = golden[next() % golden.length] as { type: RecordType }
    const changed = Buffer.from(JSON.stringify(mutateJson(source, next)))
    return place(source.type, n % 4 === 0 ? mutateBytes(changed, next) : changed)
  })
  const poison = readPoison()
    .filter(({ record }) => (record.value?.length ?? 0) < 500_000)
    .flatMap(({ record }) => RECORD_TYPES.map((type) => place(type, record.value)))
  return [...poison, ...mutated]
}

function onTopic(group: ForeignGroup, type: RecordType) {
  const kind = ({ request: 'requests', response: 'responses', task_status: 'tasks_status' } as const)[type]
  return { topic: topicName(group.scope, kind), headers: [] }
}

async function write(group: ForeignGroup, records: readonly OutgoingRecord[]): Promise<void> {
  const publisher = group.log.publisher()
  for (let from = 0; from < records.length; from += 500) await publisher.publish(records.slice(from, from + 500))
  await publisher.close()
}

async function countRecords(group: ForeignGroup) {
  const topics = (['requests', 'tasks_status', 'responses'] as const).map((kind) => topicName(group.scope, kind))
  const records = await readAll(group.log, [...topics, topicName(group.scope, 'skill_requests', 'reverse')])
  const kinds = records.map((record) => decode(record).kind)
  return {
    records: records.length,
    poison: kinds.filter((kind) => kind === 'poison').length,
    skipped: kinds.filter((kind) => kind === 'skipped').length,
  }
}
