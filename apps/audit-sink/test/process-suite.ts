import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { formatPlace, partitionFor, topicName } from '@kafclaw/envelope'
import { createTestGroup, type TestForm, type TestGroup } from '@kafclaw/runtime/testing'
import { openDatabase } from '@kafclaw/storage'
import { describe, expect, it, vi } from 'vitest'
import { auditSinkId } from '../src/config.ts'
import { byPlace, readAuditFile, readTopics } from './group.ts'

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts')
const PATIENCE = { timeout: 60_000, interval: 20 }

interface SinkProcess extends AsyncDisposable {
  child: ChildProcess
  exit: Promise<number | null>
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>
  log(): string
}

/** The sink as it runs in production: a process of its own, from its entry point. */
function startSink(group: TestGroup): SinkProcess {
  const child = spawn(process.execPath, ['-C', '@kafclaw/source', MAIN], {
    env: { PATH: process.env.PATH, ...group.variables },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const kill = (signal: 'SIGKILL' | 'SIGTERM') => {
    child.kill(signal)
    return exit
  }
  return { child, exit, kill, log: () => text, [Symbol.asyncDispose]: async () => void (await kill('SIGKILL')) }
}

/** Writes requests, each with a cause, steadily, until it is stopped. */
function startPublishing(group: TestGroup) {
  const topic = topicName(group.host.settings, 'requests')
  const publisher = group.host.log.publisher()
  let running = true
  async function publish(): Promise<number> {
    let count = 0
    for (; running; count += 5) {
      const records = Array.from({ length: 5 }, (_, index) => {
        const id = `r-${count + index}`
        const body = {
          type: 'request',
          id,
          causation_id: `${id}-cause`,
          recipient_id: 'nobody',
          payload: { content: id },
        }
        return {
          topic,
          partition: partitionFor(`task_${id}`, 6),
          key: Buffer.from(`task_${id}`),
          value: Buffer.from(JSON.stringify(body)),
          headers: [],
        }
      })
      await publisher.publish(records)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await publisher.close()
    return count
  }
  const done = publish()
  // A test that fails before it asks for the count must not fail a second time here.
  done.catch(() => undefined)
  return () => {
    running = false
    return done
  }
}

function countKept(group: TestGroup): number {
  const path = group.host.data.member(auditSinkId(group.host)).auditDb
  if (!existsSync(path)) return 0
  using db = openDatabase(path, 'audit', { readOnly: true })
  return db.prepare<[], { n: number }>('select count(*) n from record').get()?.n ?? 0
}

/** What the sink promises as a process that can die at any moment. */
export function describeSinkProcess(form: TestForm, options: { kills: number }): void {
  describe('the process of the audit sink', () => {
    it('keeps every record once, without a gap, however often it is killed while records come', async () => {
      await using group = await createTestGroup(form)
      const stop = startPublishing(group)
      for (let kill = 0; kill < options.kills; kill++) {
        const before = countKept(group)
        await using sink = startSink(group)
        await vi.waitFor(() => expect(countKept(group), sink.log()).toBeGreaterThan(before + 50), PATIENCE)
        await sink.kill('SIGKILL')
      }
      const published = await stop()
      await using sink = startSink(group)
      // Answered only when the sink has read what lay on the topics before the question.
      const asked = await group.client.ask({ payload: { skill: 'audit.trace', content: 'r-0' } })
      const { payload } = await asked.outcome
      expect(payload, sink.log()).toMatchObject({ status: 'completed', output: { gaps: [] } })
      expect(await sink.kill('SIGTERM'), sink.log()).toBe(0)

      const kept = readAuditFile(group.host)
      const isRequest = ({ topic }: { topic: string }): boolean => topic.endsWith('.requests')
      const requests = byPlace((await readTopics(group.host)).filter(isRequest))
      expect(byPlace(kept.records.filter(isRequest))).toEqual(requests)
      expect(requests.length).toBe(published + 1)
      expect(new Set(kept.records.map(formatPlace)).size).toBe(kept.records.length)
      expect(kept.gaps).toEqual([])
      expect(kept.repeatedEdges).toBe(0)
    }, 180_000)

    it('ends at once and with a reason when its folder is in use', async () => {
      await using group = await createTestGroup(form)
      await using first = startSink(group)
      await vi.waitFor(() => expect(first.log()).toContain('audit-sink is ready'), PATIENCE)
      await using second = startSink(group)
      expect(await second.exit).toBe(2)
      expect(second.log()).toContain(String(first.child.pid))
    })
  })
}
