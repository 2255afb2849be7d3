import { topicName } from '@kafclaw/envelope'
import { openDatabase } from '@kafclaw/storage'
import { describe, expect, it, vi } from 'vitest'
import { applyTopics, connectGroup, type GroupClient, type Member, type RunHandler } from '../src/index.ts'
import { createTestGroup, LEASE_MS, type TestGroup } from './group.ts'

const PATIENCE = { timeout: 20_000, interval: 20 }

const echo: RunHandler = async (run) => ({ status: 'completed', content: run.request.payload.content })

async function answer(client: GroupClient, count = 1): Promise<void> {
  const contents = Array.from({ length: count }, (_, index) => `task ${index}`)
  const asked = await Promise.all(contents.map((content) => client.ask({ payload: { content } })))
  await Promise.all(asked.map(({ outcome }) => outcome))
}

/** As after a mistake, or a restore: the topics are there again, and are empty. */
async function makeAnew(group: TestGroup, kinds: ReadonlyArray<'requests' | 'tasks_status' | 'responses'>) {
  const names = kinds.map((kind) => topicName(group.scope, kind))
  await group.log.deleteTopics(names)
  await vi.waitFor(async () => {
    const known = await group.log.listTopics()
    expect(names.filter((name) => known.includes(name))).toEqual([])
  }, PATIENCE)
  await applyTopics({ log: group.log, env: group.env, scope: group.scope, senderId: 'test', leaseMs: LEASE_MS })
}

function logCheck(member: Member) {
  return member.readiness().checks.find(({ name }) => name === 'log')
}

/** What a member does with positions that do not fit its log, on whichever log it works. */
export function describeForeignLog(form: 'embedded' | 'kafka'): void {
  describe('positions that belong to another log', () => {
    it('are noticed where another record lies before one of them: the service begins anew and reads all', async () => {
      await using group = await createTestGroup(form)
      const first = group.start('agent-a', echo)
      await first.whenReady()
      await answer(group.client, 12)
      await first.stop()
      await makeAnew(group, ['requests', 'tasks_status', 'responses'])
      // The client of the group stands in the responses that are gone.
      const client = await connectGroup({ log: group.log, env: group.env, ...group.scope, senderId: 'test' })
      // More than before in each partition, so that no position lies beyond the end.
      const other = group.start('agent-b', echo)
      await other.whenReady()
      await answer(client, 60)
      await other.stop()
      const asked = await client.ask({ payload: { content: 'of the new log' } })
      const again = group.start('agent-a', echo)
      await again.whenReady()
      expect((await asked.outcome).sender_id).toBe('agent-a')
      await vi.waitFor(() => expect([...again.view.openTasks()]).toEqual([]), PATIENCE)
      await client.close()
      await again.stop()
      expect(storedTasks(group, 'agent-a')).toBe(61)
    })

    it('stop the service where they lie beyond the end, and it says what to do', async () => {
      await using group = await createTestGroup(form)
      const first = group.start('agent-a', echo)
      await first.whenReady()
      await answer(group.client, 12)
      await first.stop()
      await makeAnew(group, ['requests'])
      const again = group.start('agent-a', echo)
      const topic = topicName(group.scope, 'requests')
      await vi.waitFor(() => expect(logCheck(again)).toMatchObject({ ok: false }), PATIENCE)
      expect(logCheck(again)?.detail).toContain(`kafclaw topics accept ${topic}`)
      expect(again.readiness().ready).toBe(false)
      await again.stop()

      // What `topics accept` does with the file.
      {
        using db = openDatabase(group.stateFile('agent-a'), 'state')
        db.prepare('update position set next_offset = 0, last_record_id = null where topic = ?').run(topic)
      }
      const accepted = group.start('agent-a', echo)
      await accepted.whenReady()
      expect(logCheck(accepted)).toMatchObject({ ok: true })
      await answer(group.client)
    })

    it('take the bookmark of the zone with them', async () => {
      await using group = await createTestGroup(form)
      const topic = topicName(group.scope, 'requests')
      const bookmark = [0, 1, 2, 3, 4, 5].map((partition) => ({ topic, partition, offset: 0 }))
      const first = group.start('agent-a', echo)
      await first.whenReady()
      await answer(group.client, 12)
      await first.stop()
      const name = `group.${group.scope.group}.open`
      await makeAnew(group, ['requests'])
      await group.log.commitGroupOffsets(name, [...bookmark.slice(1), { topic, partition: 0, offset: 7 }])
      const again = group.start('agent-a', echo)
      await vi.waitFor(() => expect(logCheck(again)).toMatchObject({ ok: false }), PATIENCE)
      await vi.waitFor(async () => {
        const offsets = await group.log.groupOffsets(name, [topic])
        expect(offsets.toSorted((a, b) => a.partition - b.partition)).toEqual(bookmark)
      }, PATIENCE)
    })
  })
}

function storedTasks(group: TestGroup, agentId: string): number {
  using db = openDatabase(group.stateFile(agentId), 'state', { readOnly: true })
  return db.prepare<[], { count: number }>('select count(*) as count from task').get()?.count ?? 0
}
