import { deriveTaskId, formatPlace, topicName } from '@kafclaw/envelope'
import {
  buildRecordTree,
  createDataFolder,
  createRecordSource,
  parseTraceSubject,
  type RecordNode,
  toTracedRecord,
} from '@kafclaw/runtime'
import { createTestGroup, type TestForm, type TestGroup } from '@kafclaw/runtime/testing'
import { tempDir } from '@kafclaw/testing'
import { describe, expect, it, vi } from 'vitest'
import { createAuditSink } from '../src/service.ts'
import type { TraceOutput } from '../src/trace-answer.ts'
import { byPlace, readAuditFile, readTopics } from './group.ts'

const PATIENCE = { timeout: 20_000, interval: 50 }

/** The parts of an answer that tests look at; what the skill sends is plain data. */
async function trace(group: TestGroup, subject: string): Promise<TraceOutput> {
  const asked = await group.client.ask({ payload: { skill: 'audit.trace', content: 'trace', input: { subject } } })
  const { payload } = await asked.outcome
  expect(payload).toMatchObject({ status: 'completed' })
  return payload.output as TraceOutput
}

/** A asks B, B recalls what C shared and cites it, A reports. */
async function tellStory(group: TestGroup) {
  const { client } = group
  const memory = await client.publish({
    type: 'memory',
    payload: { item_id: 'item-1', title: 'Port', content: 'Billing listens on 8443.' },
  })
  const cited = { item_id: 'item-1', ...memory.place, author: 'agent-c', title: 'Port' }
  await group.agent('agent-b', async (run) => {
    const recall = { kind: 'recall', name: 'memory.recall', inputHash: '0'.repeat(64), effect: 'none' } as const
    await run.perform(recall, async () => ({ status: 'completed', output: null, citations: [cited] }))
    return { status: 'completed', content: '8443', citations: [cited] }
  })
  await group.agent('agent-a', async (run) => {
    const ask = { kind: 'delegation', name: 'agent-b', inputHash: '0'.repeat(64), effect: 'idempotent' } as const
    const { output, citations } = await run.perform(ask, async ({ causationId }) => {
      const taskId = deriveTaskId([run.taskId, '0'])
      const payload = { content: 'Which port?' }
      const answer = await run.ask({ taskId, recipientId: 'agent-b', payload, causationId })
      return { status: 'completed', output: answer.payload.content, citations: answer.payload.citations }
    })
    return { status: 'completed', content: `It is ${output}.`, citations }
  })
  const asked = await client.ask({ recipientId: 'agent-a', payload: { content: 'Which port does billing use?' } })
  const outcome = await asked.outcome
  return { asked, outcome, memory }
}

function types(nodes: readonly RecordNode[]): unknown[] {
  return nodes.map(({ type, children }) => (children.length === 0 ? type : [type, ...types(children)]))
}

/** What the audit sink promises, on whichever log it reads. */
export function describeAudit(form: TestForm): void {
  describe('the audit sink', () => {
    it('gives the whole decision from its task, any child task, any record and any place, the cited memory included', async () => {
      await using group = await createTestGroup(form)
      const sink = createAuditSink(group.host)
      await sink.whenReady()
      const { asked, outcome, memory } = await tellStory(group)
      const found = await trace(group, asked.taskId)
      expect(found).toMatchObject({ complete: true, missing: [], gaps: [], next: null, total: found.records.length })
      expect(types(buildRecordTree(found.records))).toEqual([
        [
          'request',
          [
            'task_status',
            // The intent, what came of it, and its result, which cites what the answer rests on.
            ['trace', ['request', ['task_status', ['trace', 'memory']], 'response'], ['trace', 'memory']],
          ],
          'response',
        ],
      ])
      expect(found.tree).toHaveLength(11)
      expect(found.records.map(({ id }) => id)).toContain(memory.envelope.id)
      const child = found.records.find(({ parent_task_id }) => parent_task_id === asked.taskId)
      const subjects = [child?.correlation_id ?? '', outcome.id, formatPlace(asked.place), child?.id ?? '']
      for (const subject of subjects) expect((await trace(group, subject)).records).toEqual(found.records)
      // Without a sink the same comes from the topics themselves.
      const source = createRecordSource((await readTopics(group.host)).map((record) => toTracedRecord(record)))
      expect(source.readDecision(parseTraceSubject(asked.taskId), 1000)).toEqual(found.records)
      await sink.stop()
    })

    it('keeps every record byte for byte, those that nobody can read included', async () => {
      await using group = await createTestGroup(form)
      const { log, settings } = group.host
      const sink = createAuditSink(group.host)
      await sink.whenReady()
      const publisher = log.publisher()
      const topic = topicName(settings, 'requests')
      const poison = {
        topic,
        partition: 1,
        key: Buffer.from([0xff, 0]),
        value: Buffer.from('{"type":'),
        headers: [
          ['x', Buffer.from([1, 255])],
          ['x', Buffer.alloc(0)],
        ] as const,
      }
      const nothing = { topic: topicName(settings, 'responses'), partition: 2, key: null, value: null, headers: [] }
      const [place] = await publisher.publish([poison, nothing])
      await publisher.close()
      const found = await vi.waitFor(async () => {
        const answer = await trace(group, place ? formatPlace(place) : '')
        // The sink, as any service, writes the dead letter of what it cannot read.
        expect(answer.records.map(({ type }) => type)).toEqual([null, 'dead_letter'])
        return answer
      }, PATIENCE)
      expect(found.records[0]?.summary).toMatch(/^KC_ENVELOPE_BAD_JSON/)
      await sink.stop()
      // What the sink sends while it stops lies behind what it has read.
      const kept = byPlace(readAuditFile(group.host).records)
      const places = new Set(kept.map(formatPlace))
      const onLog = byPlace(await readTopics(group.host))
      expect(kept).toEqual(onLog.filter((record) => places.has(formatPlace(record))))
      expect(
        onLog.filter((record) => !places.has(formatPlace(record))).every(({ topic }) => topic.endsWith('announce')),
      ).toBe(true)
    })

    it('writes the dead letters of topics that no agent reads, once', async () => {
      await using group = await createTestGroup(form)
      const { log, settings } = group.host
      const topic = topicName(settings, 'traces')
      const publisher = log.publisher()
      const [place] = await publisher.publish([
        { topic, partition: 0, key: null, value: Buffer.from('?'), headers: [] },
      ])
      await publisher.close()
      const subject = place ? formatPlace(place) : ''
      for (let boot = 1; boot <= 2; boot++) {
        const sink = createAuditSink(group.host)
        await vi.waitFor(async () => {
          const { records } = await trace(group, subject)
          expect(records.map(({ type }) => type)).toEqual([null, 'dead_letter'])
        }, PATIENCE)
        await sink.stop()
      }
    })

    it('finds topics that are made while it runs, in other zones too', async () => {
      await using group = await createTestGroup(form)
      const { log, settings } = group.host
      const sink = createAuditSink(group.host)
      await sink.whenReady()
      const topic = topicName({ group: settings.group, zone: 'lab' }, 'requests')
      await log.createTopics([{ name: topic, partitions: 1, configs: {} }])
      const publisher = log.publisher()
      const value = Buffer.from('{"type":"request","payload":{"content":"hi"}}')
      const [place] = await publisher.publish([{ topic, partition: 0, key: null, value, headers: [] }])
      await publisher.close()
      expect((await trace(group, place ? formatPlace(place) : '')).records).toMatchObject([{ type: 'request', topic }])
      await sink.stop()
    })

    it('runs beside another one of the group, each with an id and a file of its own', async () => {
      await using group = await createTestGroup(form)
      await using folder = await tempDir()
      const { host } = group
      const elsewhere = { ...host, data: createDataFolder({ dataDir: folder.path, group: host.settings.group }) }
      const sinks = [createAuditSink(host), createAuditSink(elsewhere)]
      expect(new Set(sinks.map(({ id }) => id)).size).toBe(2)
      await Promise.all(sinks.map((sink) => sink.whenReady()))
      const { place } = await group.client.publish({ type: 'memory', payload: { item_id: 'item-1', content: 'x' } })
      for (const { id } of sinks) {
        const asked = await group.client.ask({
          recipientId: id,
          payload: { skill: 'audit.trace', content: formatPlace(place) },
        })
        expect(await asked.outcome).toMatchObject({ sender_id: id, payload: { status: 'completed' } })
      }
      await Promise.all(sinks.map((sink) => sink.stop()))
      for (const at of [host, elsewhere]) {
        expect(readAuditFile(at).records).toContainEqual(expect.objectContaining(place))
      }
    })

    it('says that it knows nothing of a subject that is not there', async () => {
      await using group = await createTestGroup(form)
      const sink = createAuditSink(group.host)
      const asked = await group.client.ask({ payload: { skill: 'audit.trace', content: 'task_nobody' } })
      expect((await asked.outcome).payload).toMatchObject({ status: 'failed', error: { code: 'KC_NOT_FOUND' } })
      const odd = await group.client.ask({ payload: { skill: 'audit.trace', content: 'what is this?' } })
      expect((await odd.outcome).payload).toMatchObject({ status: 'failed', error: { code: 'KC_USAGE' } })
      await sink.stop()
    })
  })
}
