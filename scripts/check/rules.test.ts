import { describe, expect, it } from 'vitest'
import { checkBoundaries } from './boundaries.ts'
import { checkOutsideWorld } from './outside-world.ts'
import { checkShape } from './shape.ts'
import { parseSource, type Rule } from './source-file.ts'

const messages = (rule: Rule, path: string, text: string) => rule(parseSource(path, text)).map((found) => found.message)

describe('boundaries', () => {
  const refused: Array<[path: string, text: string, reason: string]> = [
    ['apps/agent-worker/src/x.ts', "import { Kafka } from 'kafkajs'", 'only packages/kafka'],
    ['apps/agent-worker/src/x.ts', "import type { Kafka } from 'kafkajs'", 'only packages/kafka'],
    ['apps/agent-worker/src/x.ts', "export { Kafka } from 'kafkajs'", 'only packages/kafka'],
    ['apps/agent-worker/src/x.ts', "const { Kafka } = await import('kafkajs')", 'only packages/kafka'],
    ['apps/agent-worker/src/x.ts', "const kafka = require('kafkajs')", 'only packages/kafka'],
    ['apps/agent-worker/src/x.ts', "type Kafka = import('kafkajs').Kafka", 'only packages/kafka'],
    ['apps/agent-worker/src/x.ts', "import '@kafclaw/audit-sink'", 'an app never imports an app'],
    ['apps/agent-worker/test/x.test.ts', "import '@kafclaw/audit-sink'", 'an app never imports an app'],
    ['apps/agent-worker/src/x.ts', "import '../../audit-sink/src/service.ts'", 'another part'],
    ['apps/agent-worker/src/x.ts', "import '@kafclaw/testing'", 'is for tests'],
    ['apps/agent-worker/src/x.ts', "import '@kafclaw/env/testing'", 'is for tests'],
    ['apps/agent-worker/src/x.ts', "import 'left-pad'", 'has no owner'],
    ['apps/agent-worker/src/x.ts', "import 'vitest'", 'is for tests'],
    ['packages/kafka/src/x.ts', "import '@kafclaw/llm'", 'or beside it'],
    ['packages/storage/src/x.ts', "import '@kafclaw/kafka'", 'or beside it'],
    ['packages/telemetry/src/x.ts', "import '@kafclaw/kafka'", 'below'],
    ['packages/kafka/src/x.ts', "import '@kafclaw/runtime'", 'below'],
    ['packages/runtime/src/x.ts', "import '@kafclaw/agent-worker'", 'an app never imports an app'],
    ['packages/runtime/src/x.ts', "import 'kafclaw'", 'an app never imports an app'],
    ['packages/runtime/src/x.ts', "import 'better-sqlite3'", 'only packages/storage'],
    ['packages/runtime/src/x.ts', "import 'drizzle-orm/sqlite-core'", 'only packages/storage'],
    ['packages/runtime/src/x.ts', "import 'openai'", 'only packages/llm'],
    ['packages/runtime/src/x.ts', "import '@fastify/bearer-auth'", 'only packages/http'],
    ['packages/runtime/src/x.ts', "import 'pino'", 'only packages/telemetry'],
    ['packages/runtime/src/x.ts', "import 'commander'", 'only apps/kafclaw'],
    ['packages/runtime/src/x.ts', "import 'ajv/dist/2020.js'", 'only packages/envelope and packages/tools'],
    ['packages/tasks/src/x.ts', "import 'node:fs'", 'is pure'],
    ['packages/envelope/src/x.ts', "import '@kafclaw/tasks'", 'or beside it'],
  ]
  it.each(refused)('refuses in %s: %s', (path, text, reason) => {
    expect(messages(checkBoundaries, path, text)).toEqual([expect.stringContaining(reason)])
  })

  it.each([
    ['packages/kafka/src/x.ts', "import 'kafkajs/src/cluster/index.js'"],
    ['packages/kafka/src/x.ts', "import '@kafclaw/storage'"],
    ['packages/tools/src/x.ts', "import '@kafclaw/memory'"],
    ['packages/tasks/src/x.ts', "import '@kafclaw/envelope'"],
    ['packages/envelope/src/x.ts', "import 'node:crypto'"],
    ['apps/kafclaw/src/x.ts', "import '@kafclaw/agent-worker'"],
    ['apps/kafclaw/src/x.ts', "import '@kafclaw/testing/broker'"],
    ['apps/agent-worker/src/x.ts', "import './service.ts'; import 'node:fs'; import '@kafclaw/runtime'"],
    [
      'apps/agent-worker/test/x.broker.test.ts',
      "import '@kafclaw/testing'; import '../src/service.ts'; import 'vitest'",
    ],
  ])('allows in %s: %s', (path, text) => {
    expect(messages(checkBoundaries, path, text)).toEqual([])
  })
})

describe('outside world', () => {
  it.each([
    'Date.now()',
    'globalThis.Date.now()',
    "Date['now']()",
    'const clock = Date.now',
    'new Date()',
    'Date()',
    'performance.now()',
    'process.hrtime.bigint()',
    'Math.random()',
    'crypto.randomUUID()',
    'randomUUID()',
    'randomBytes(8)',
    'setTimeout(done, 1)',
    'globalThis.setTimeout(done, 1)',
    'setInterval(done, 1)',
    'setImmediate(done)',
    'AbortSignal.timeout(5)',
    "import { setTimeout as delay } from 'node:timers/promises'",
  ])('refuses %s in a service', (text) => {
    expect(messages(checkOutsideWorld, 'apps/agent-worker/src/x.ts', text)).toHaveLength(1)
  })

  it.each(['new Date(timestampMs)', 'env.now()', 'clearTimeout(timer)', 'timers.setTimeout(done, 1)'])(
    'allows %s',
    (text) => {
      expect(messages(checkOutsideWorld, 'apps/agent-worker/src/x.ts', text)).toEqual([])
    },
  )

  it.each(['packages/env/src/x.ts', 'packages/kafka/src/x.test.ts', 'apps/kafclaw/test/x.ts', 'scripts/x.ts'])(
    'leaves %s alone',
    (path) => {
      expect(messages(checkOutsideWorld, path, 'Date.now()')).toEqual([])
    },
  )
})

describe('shape', () => {
  const lines = (count: number) => 'work()\n'.repeat(count)

  it.each([
    ['packages/kafka/src/utils/x.ts', ''],
    ['packages/kafka/src/types.ts', ''],
    ['packages/kafka/src/someName.ts', ''],
    ['packages/kafka/src/x.ts', lines(401)],
    ['packages/kafka/src/index.ts', lines(41)],
    ['packages/kafka/src/x.ts', `function f() {\n${lines(70)}}`],
    ['packages/kafka/src/x.ts', `const f = () => {\n${lines(70)}}`],
    ['packages/kafka/src/x.ts', 'function f(a, b, c, d) {}'],
    ['packages/kafka/src/x.ts', `function f() {\n${`const g = () => {\n${lines(40)}}\n`.repeat(3)}}`],
  ])('refuses %s', (path, text) => {
    expect(messages(checkShape, path, text)).toHaveLength(1)
  })

  it('allows what is just within the limits', () => {
    const text = `function f(a, b, c) {\n${lines(68)}}\n${lines(330)}`
    expect(messages(checkShape, 'packages/kafka/src/group-reader.broker.test.ts', text)).toEqual([])
    expect(messages(checkShape, 'packages/kafka/src/x.ts', text)).toEqual([])
    const factory = `function createX() {\n${`function g() {\n${lines(40)}}\n`.repeat(2)}return { g }\n}`
    expect(messages(checkShape, 'packages/kafka/src/x.ts', factory)).toEqual([])
  })
})
