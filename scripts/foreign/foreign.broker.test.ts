import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode, type Envelope, lastHeader, partitionFor, type RawRecord, topicName } from '@kafclaw/envelope'
import { readAll } from '@kafclaw/kafka'
import type { Asked } from '@kafclaw/runtime'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Command, createGo, createPython, createShell, installLanguages, type Language } from './languages.ts'
import { runProgram, startProgram } from './programs.ts'
import { createForeignGroup, type ForeignGroup } from './test-group.ts'

const LANGUAGES = ['python', 'go', 'shell'] as const
const root = join(import.meta.dirname, '..', '..')
const examples = join(root, 'docs', 'examples')
const isCi = process.env.CI === 'true'
const QUESTIONS = ['stressed', 'Zürich', '日本語 😀', 'a "quoted"\ttext']

const installed = await installLanguages(LANGUAGES)
for (const name of LANGUAGES) {
  const found = installed[name]
  if (!found.ok) process.stderr.write(`\n!!! THE EXAMPLES IN ${name.toUpperCase()} ARE NOT TESTED: ${found.reason}\n\n`)
}

let group: ForeignGroup
beforeAll(async () => {
  group = await createForeignGroup({
    byGroup: LANGUAGES.map((name) => `reverse.${name}`),
    byClaim: ['reverse.claimed', 'reverse.orphan'],
  })
  await group.startAgent('native', { skills: ['chat'], answer: (question) => `native heard: ${question}` })
})
afterAll(() => group[Symbol.asyncDispose]())

it.runIf(isCi)('has on the build server what all examples need', () => {
  expect(Object.entries(installed).filter(([, found]) => !found.ok)).toEqual([])
})

const languageOf = (name: (typeof LANGUAGES)[number]): Language => {
  if (name === 'python') return createPython(installed.python, group.brokers, group.scope)
  if (name === 'go') return createGo(installed.go, group.brokers, group.scope)
  return createShell(group.brokers, group.scope)
}
const start = ({ program, args, env }: Command) => startProgram(program, args, env ? { env } : {})
const run = ({ program, args, env }: Command) => runProgram(program, args, env ? { env } : {})
const reversed = (text: string): string => [...text].reverse().join('')

describe.each(LANGUAGES)('%s', (name) => {
  it.runIf(installed[name].ok)(
    'serves a skill to whoever asks, and after a restart what was asked meanwhile',
    async () => {
      const skill = `reverse.${name}`
      const ask = (questions: readonly string[]) =>
        group.client.askAll(questions.map((content) => ({ payload: { content, skill } })))
      const asked = await ask(QUESTIONS)
      {
        // Asked before there was anybody: a new consumer group begins at the beginning.
        await using server = start(languageOf(name).serve(skill))
        const outcomes = await Promise.all(asked.map(({ outcome }) => outcome))
        expect(outcomes.map(({ payload }) => payload)).toMatchObject(
          QUESTIONS.map((text) => ({ status: 'completed', content: reversed(text), agent_id: `${name}-serve` })),
        )
        expect(outcomes.map(({ causation_id }) => causation_id)).toEqual(asked.map(({ envelope }) => envelope.id))
        expect(await server.stop('SIGTERM')).toMatchObject({ code: 0 })
      }
      const later = await ask(['later'])
      await using server = start(languageOf(name).serve(skill))
      expect((await later[0]?.outcome)?.payload.content).toBe('retal')
      await server.stop('SIGTERM')
      const answers = await responses((envelope) => envelope.sender_id === `${name}-serve`)
      // One for each: what was answered before the restart was committed.
      expect(answers.map(({ envelope }) => envelope.correlation_id).sort()).toEqual(
        [...asked, ...later].map(({ taskId }) => taskId).sort(),
      )
      for (const { record, envelope } of answers) {
        expect(record.key?.toString()).toBe(envelope.correlation_id)
        expect(record.partition).toBe(partitionFor(envelope.correlation_id ?? '', group.partitions))
        expect(lastHeader(record.headers, 'kc_home')?.toString()).toBe(String(record.partition))
      }
    },
  )

  it.runIf(installed[name].ok)(
    'answers a request that has neither id nor key, and no record that is none',
    async () => {
      const skill = `reverse.${name}`
      const topic = topicName(group.scope, 'skill_requests', skill)
      const values = ['not json', '{"type":"request","payload":{"content":"bare"}}', '[1]', '{"type":"response"}']
      const publisher = group.log.publisher()
      const places = await publisher.publish(
        values.map((value) => ({ topic, partition: 1, key: null, value: Buffer.from(value), headers: [] })),
      )
      await publisher.close()
      const request = (await readAll(group.log, [topic])).find(
        ({ partition, offset }) => partition === 1 && offset === places[1]?.offset,
      )
      const decoded = request && decode(request)
      const taskId = decoded?.kind === 'envelope' ? decoded.envelope.correlation_id : null
      await using _server = start(languageOf(name).serve(skill))
      await vi.waitFor(
        async () => {
          const answers = await responses((envelope) => envelope.correlation_id === taskId)
          expect(answers.map(({ envelope }) => envelope.payload)).toMatchObject([{ content: 'erab' }])
        },
        { timeout: 60_000, interval: 200 },
      )
    },
  )

  it.runIf(installed[name].ok)('asks a native agent and prints its answer', async () => {
    const { ask } = languageOf(name)
    expect(await run(ask('How are you, "agent"?', { to: 'native' }))).toMatchObject({
      code: 0,
      stdout: 'native heard: How are you, "agent"?\n',
    })
    expect(await run(ask('anybody?', {}))).toMatchObject({ code: 0, stdout: 'native heard: anybody?\n' })
  })
})

it.runIf(installed.shell.ok)('answers one line of kcat that has only a type and a payload', async () => {
  const text = 'Which port does the billing service listen on?'
  const topic = topicName(group.scope, 'requests')
  const sent = await runProgram('kcat', ['-P', '-b', group.brokers, '-t', topic], {
    stdin: `{"type":"request","payload":{"content":"${text}"}}\n`,
  })
  expect(sent).toMatchObject({ code: 0 })
  await vi.waitFor(
    async () => {
      const [answer] = await responses(
        ({ payload }) => 'content' in payload && payload.content === `native heard: ${text}`,
      )
      expect(answer?.record.partition).toBe(partitionFor(answer?.envelope.correlation_id ?? '', group.partitions))
    },
    { timeout: 20_000 },
  )
})

describe.runIf(installed.python.ok)('the agent in Python (level 2)', () => {
  const agent = (id: string, skill: string, takesS = 0): Command => ({
    program: installed.python.ok ? installed.python.program : '',
    args: [
      join(examples, 'python', 'agent.py'),
      ...['--brokers', group.brokers, '--group', group.scope.group],
      ...['--id', id, '--skill', skill, '--takes', String(takesS)],
    ],
  })
  const askMany = (count: number, skill: string) =>
    group.client.askAll(Array.from({ length: count }, (_, n) => ({ payload: { content: `task ${n}`, skill } })))

  it('shares tasks with a native agent, one answer each', async () => {
    const skill = 'reverse.claimed'
    await using python = start(agent('py-one', skill))
    await python.ready
    const stopNative = await group.startAgent('native-two', { skills: [skill], concurrency: 1, answer: reversed })
    const asked: Asked[] = []
    const answeredBy = new Set<string | null>()
    while (answeredBy.size < 2) {
      const batch = await askMany(20, skill)
      asked.push(...batch)
      const outcomes = await Promise.all(batch.map(({ outcome }) => outcome))
      expect(outcomes.map(({ payload }) => payload.content)).toEqual(batch.map((_, n) => reversed(`task ${n}`)))
      for (const { payload } of outcomes) answeredBy.add(payload.agent_id)
    }
    expect(answeredBy).toEqual(new Set(['py-one', 'native-two']))
    const ids = new Set(asked.map(({ taskId }) => taskId))
    expect(await responses(({ correlation_id }) => ids.has(correlation_id ?? ''))).toHaveLength(asked.length)

    // Killed while it works: the native agent takes over when its beats are missing.
    await python.stop('SIGKILL')
    await using slow = start(agent('py-slow', skill, 3600))
    await slow.ready
    const taken = await askMany(8, skill)
    await vi.waitFor(async () => expect(await claims('py-slow')).not.toHaveLength(0), { timeout: 20_000 })
    await slow.stop('SIGKILL')
    const later = await Promise.all(taken.map(({ outcome }) => outcome))
    expect(new Set(later.map(({ payload }) => payload.agent_id))).toEqual(new Set(['native-two']))
    await stopNative()
  })

  it('gives back what it holds when it is stopped, and takes over from the dead', async () => {
    const skill = 'reverse.orphan'
    const [asked] = await askMany(1, skill)
    if (!asked) throw new Error('nothing was asked')
    {
      await using slow = start(agent('py-leaving', skill, 5))
      await vi.waitFor(async () => expect(await claims('py-leaving')).toHaveLength(1), { timeout: 20_000 })
      expect(await slow.stop('SIGTERM')).toMatchObject({ code: 0 })
    }
    const { topic, partition, offset } = asked.place
    await group.client.publish({
      type: 'task_status',
      correlation_id: asked.taskId,
      payload: {
        status: 'claimed',
        attempt: 2,
        run_id: 'run-of-a-ghost',
        agent_id: 'ghost',
        boot: 1,
        request: { topic, partition, offset },
      },
    })
    await using _heir = start(agent('py-heir', skill))
    expect((await asked.outcome).payload).toMatchObject({ content: reversed('task 0'), agent_id: 'py-heir' })
    const [claim] = await claims('py-heir')
    // One attempt was given back without blame, the other ended by absence.
    expect(claim?.payload).toMatchObject({ attempt: 3, fruitless: 1 })
    const said = await statusesOf(asked.taskId)
    expect(said.map(({ payload }) => `${payload.agent_id} ${payload.status}`)).toEqual([
      'py-leaving claimed',
      'py-leaving released',
      'ghost claimed',
      'py-heir claimed',
    ])
  })

  it('ends with code 6 when a newer process runs under its id', async () => {
    await using older = start(agent('py-twin', 'reverse.orphan'))
    await older.ready
    await using newer = start(agent('py-twin', 'reverse.orphan'))
    expect(await older.ended).toMatchObject({ code: 6 })
    await newer.ready
  })
})

describe('the test vectors', () => {
  it.runIf(installed.python.ok)('hold in Python, and so do all golden records', async () => {
    const program = installed.python.ok ? installed.python.program : ''
    expect(await runProgram(program, ['-m', 'unittest'], { cwd: join(examples, 'python') })).toMatchObject({ code: 0 })
  })

  it.runIf(installed.go.ok)('hold in Go', async () => {
    expect(await runProgram('go', ['test', './hash'], { cwd: join(examples, 'go') })).toMatchObject({ code: 0 })
  })

  it.runIf(installed.shell.ok)('hold in the shell', async () => {
    const vectors: {
      partition: Array<{ key: string; partitions: number; partition: number }>
      record_id: Array<{ topic: string; partition: number; offset: number; timestamp_ms: number; id: string }>
    } = JSON.parse(readFileSync(join(root, 'packages/envelope/test/vectors.json'), 'utf8'))
    const script = [
      'source group.sh',
      ...vectors.partition.map(({ key, partitions }) => `home_partition '${key}' ${partitions}`),
      ...vectors.record_id.map((at) => `derive_id ${at.topic} ${at.partition} ${at.offset} ${at.timestamp_ms}`),
    ].join('\n')
    const { stdout } = await runProgram('bash', ['-c', script], {
      cwd: join(examples, 'shell'),
      env: { GROUP: 'any' },
    })
    expect(stdout.trim().split('\n')).toEqual([
      ...vectors.partition.map(({ partition }) => String(partition)),
      ...vectors.record_id.map(({ id }) => id),
    ])
  })
})

interface ReadRecord {
  record: RawRecord
  envelope: Envelope
}

async function readEnvelopes(kind: 'responses' | 'tasks_status'): Promise<ReadRecord[]> {
  return (await readAll(group.log, [topicName(group.scope, kind)])).flatMap((record) => {
    const decoded = decode(record)
    return decoded.kind === 'envelope' ? [{ record, envelope: decoded.envelope }] : []
  })
}

async function responses(isWanted: (envelope: Envelope) => boolean): Promise<ReadRecord[]> {
  return (await readEnvelopes('responses')).filter(({ envelope }) => isWanted(envelope))
}

async function statuses() {
  return (await readEnvelopes('tasks_status')).flatMap(({ envelope }) =>
    envelope.type === 'task_status' ? [envelope] : [],
  )
}

async function claims(agentId: string) {
  return (await statuses()).filter(({ payload }) => payload.status === 'claimed' && payload.agent_id === agentId)
}

async function statusesOf(taskId: string) {
  return (await statuses()).filter(({ correlation_id }) => correlation_id === taskId)
}
