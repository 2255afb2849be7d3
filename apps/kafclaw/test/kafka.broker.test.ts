import { execFileSync } from 'node:child_process'
import { createSystemEnv } from '@kafclaw/env'
import { decode } from '@kafclaw/envelope'
import { createKafkaLog, type Log, readAll } from '@kafclaw/kafka'
import { createLogger } from '@kafclaw/telemetry'
import { sharedBrokers, type TempDir, tempDir, uniqueName } from '@kafclaw/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { kafclaw, kafclawJson, type Place, type RunningKafclaw, startKafclaw } from './kafclaw-process.ts'

const IN_TIME = { timeout: 60_000, interval: 100 }

let dir: TempDir
let log: Log

beforeAll(async () => {
  dir = await tempDir()
  log = createKafkaLog({
    brokers: sharedBrokers(),
    clientId: 'test',
    env: createSystemEnv(),
    logger: createLogger({ service: 'test', level: 'silent' }),
  })
})

afterAll(async () => {
  await log.close()
  await dir[Symbol.asyncDispose]()
})

const placeOf = (variables: Record<string, string> = {}): Place => ({
  dataDir: dir.path,
  variables: { TMPDIR: dir.path, KAFCLAW_KAFKA_BROKERS: sharedBrokers().join(','), ...variables },
})

function childrenOf(pid: number): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
  return lines
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child = 0, parent]) => (parent === pid ? [child] : []))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const demoTopics = async (group: string): Promise<string[]> =>
  (await log.listTopics()).filter((name) => name.startsWith(`group.${group}.`))

describe('demo on brokers that the user named', () => {
  it('answers from the given fact with services as processes, and removes its topics', async () => {
    const fact = 'The spare key hangs behind the blue clock.'
    const args = ['demo', '--kafka', '--json', '--fact', fact, '--question', 'Where is the spare key?']
    const { code, stdout, stderr } = await kafclaw(placeOf(), args)
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const { answer, memory }: { answer: string; memory: { topic: string; offset: number } } = JSON.parse(stdout)
    expect(answer).toContain('blue clock')
    expect(answer).toContain(`${memory.topic}/0/${memory.offset}`)
    const group = /^group (demo-[0-9a-f]{6}) on Kafka at .* each a process$/m.exec(stderr)?.[1] ?? ''
    expect(group).not.toBe('')
    await vi.waitFor(async () => expect(await demoTopics(group)).toEqual([]), IN_TIME)
  })

  it.each([
    { how: 'Ctrl-C', signal: 'SIGINT', code: 130 },
    { how: 'kill -9', signal: 'SIGKILL', code: null },
  ] as const)('leaves no process behind after $how', async ({ signal, code }) => {
    const demo = startKafclaw(placeOf(), ['demo', '--kafka'])
    await vi.waitFor(() => expect(demo.stderr()).toContain('agent-c is told'), IN_TIME)
    const children = childrenOf(demo.pid)
    expect(children.length).toBeGreaterThanOrEqual(6)
    demo.kill(signal)
    expect((await demo.finished).code).toBe(code)
    await vi.waitFor(() => expect(children.filter(isAlive)).toEqual([]), IN_TIME)
  })
})

describe('a group on Kafka', () => {
  const group = uniqueName('cli')
  let up: RunningKafclaw
  let place: Place

  beforeAll(async () => {
    place = placeOf({ KAFCLAW_GROUP: group, KAFCLAW_AGENT_ID: 'agent-x' })
    up = startKafclaw(place, ['up'])
    await vi.waitFor(() => expect(up.stderr()).toContain('kafclaw is ready'), IN_TIME)
  })

  afterAll(async () => {
    up.kill('SIGTERM')
    expect((await up.finished).code).toBe(0)
  })

  it('is created by `up` as the table says', async () => {
    expect(await kafclaw(place, ['topics', 'check'])).toMatchObject({ code: 0 })
  })

  it('is told once who serves a skill, and refuses to change it by the way', async () => {
    const apply = ['topics', 'apply', '--skill', 'invoice', '--served-by']
    const written = (...args: string[]) => kafclawJson<{ skills_written: string[] }>(place, [...apply, ...args])
    expect(await written('group')).toMatchObject({ skills_written: ['invoice'] })
    expect(await kafclaw(place, [...apply, 'claim'])).toMatchObject({ code: 1, stdout: '' })
    expect(await written('group')).toMatchObject({ skills_written: [] })
    expect(await written('claim', '--change')).toMatchObject({ skills_written: ['invoice'] })
  })

  it('answers a question and traces it', async () => {
    const { code, stdout, stderr } = await kafclaw(place, ['ask', 'hello'])
    expect(code).toBe(0)
    expect(stdout).toContain('offline model')
    const taskId = /^task (\S+)$/m.exec(stderr)?.[1] ?? ''
    const [row] = await kafclawJson<Array<{ task_id: string; status: string }>>(place, ['tasks'])
    expect(row).toMatchObject({ task_id: taskId, status: 'completed' })
    expect((await kafclaw(place, ['trace', taskId])).stdout).toMatch(
      /^request {2}agent-x-cli -> \* {2}.*\n(?: .*\n)* +response {2}agent-x /,
    )
  })

  it('gives a one-line request of anybody, without key and without ids, its outcome', async () => {
    const value = Buffer.from('{"type":"request","payload":{"content":"who are you?"}}')
    const publisher = log.publisher()
    await publisher.publish([{ topic: `group.${group}.requests`, partition: 3, key: null, value, headers: [] }])
    await publisher.close()
    await vi.waitFor(async () => {
      const requests = await readAll(log, [`group.${group}.requests`])
      const foreign = requests
        .map((record) => decode(record))
        .find((decoded) => decoded.kind === 'envelope' && decoded.envelope.sender_id === 'anonymous')
      const taskId = foreign?.kind === 'envelope' ? foreign.envelope.correlation_id : null
      const responses = (await readAll(log, [`group.${group}.responses`])).map((record) => decode(record))
      const outcome = responses.find(
        (decoded) => decoded.kind === 'envelope' && decoded.envelope.correlation_id === taskId,
      )
      expect(outcome).toMatchObject({ envelope: { sender_id: 'agent-x', payload: { status: 'completed' } } })
    }, IN_TIME)
  })

  it('is found well by kshark, which names who is live', async () => {
    const { code, stdout } = await kafclaw(place, ['kshark', '--no-probe'])
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ok +roster .* live: .*agent-x/m),
    })
    expect(stdout).not.toMatch(/^(warning|failed)/m)
  })

  it('keeps timelines and log in lockstep', async () => {
    expect((await kafclaw(place, ['audit', 'lockstep'])).code).toBe(0)
  })
})
