import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { AppError } from '@kafclaw/envelope'
import { afterAll, describe, expect, it } from 'vitest'
import { readSettings, type SettingOverrides } from './settings.ts'
import type { Variables } from './settings-table.ts'
import { viewSettings } from './settings-view.ts'

const folder = mkdtempSync(join(tmpdir(), 'kafclaw-settings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function makeFile(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const HOME = { HOME: '/home/ada' }
const KAFKA = { KAFCLAW_KAFKA_BROKERS: 'k:9092', KAFCLAW_GROUP: 'acme' }

function problemsOf(env: Variables, overrides: SettingOverrides = {}): string[] {
  try {
    readSettings(env, overrides)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    expect(error.code).toBe('KC_CONFIG_INVALID')
    const [head, ...lines] = error.message.split('\n')
    expect(head).toMatch(/problems? with the settings:$/)
    return lines.map((line) => line.replace(/^- /, ''))
  }
  return []
}

describe('values', () => {
  it('needs nothing to be set on one machine', () => {
    const { values, warnings } = readSettings(HOME)
    expect(values).toEqual({
      group: 'local',
      zone: 'public',
      mode: 'local',
      leaseMs: 12_000,
      kafkaBrokers: null,
      kafkaProperties: null,
      agentId: null,
      skills: ['chat'],
      instructionsFile: null,
      concurrency: 8,
      modelUrl: null,
      model: null,
      modelKey: null,
      embeddingUrl: null,
      embeddingModel: null,
      embeddingKey: null,
      memoryDb: null,
      cacheDir: null,
      dataDir: '/home/ada/.local/state/kafclaw',
      retentionDays: 14,
      adminAddress: '127.0.0.1:0',
      adminToken: null,
      logLevel: 'info',
    })
    expect(warnings).toEqual([])
  })

  it('joins a group on Kafka when brokers are set', () => {
    const { values } = readSettings({ ...HOME, ...KAFKA, KAFCLAW_KAFKA_BROKERS: 'a:9092, [::1]:9093,a:9092,' })
    expect(values.mode).toBe('local-kafka')
    expect(values.kafkaBrokers).toEqual(['a:9092', '[::1]:9093'])
  })

  it('reads each kind into its type', () => {
    const instructions = makeFile('instructions.txt', 'You are B.')
    const { values } = readSettings({
      ...HOME,
      KAFCLAW_LEASE: '2s',
      KAFCLAW_SKILLS: ' chat , billing.refund ',
      KAFCLAW_INSTRUCTIONS_FILE: instructions,
      KAFCLAW_CONCURRENCY: '32',
      KAFCLAW_MODEL_URL: 'https://api.openai.com/v1/',
      KAFCLAW_MODEL: 'gpt-5',
      KAFCLAW_MODEL_KEY: 'sk-1',
      KAFCLAW_ADMIN_ADDR: '[::]:9464',
      KAFCLAW_LOG_LEVEL: 'debug',
      KAFCLAW_RETENTION_DAYS: '30',
      KAFCLAW_AGENT_ID: 'agent-b',
    })
    expect(values).toMatchObject({
      leaseMs: 2_000,
      skills: ['chat', 'billing.refund'],
      instructionsFile: instructions,
      concurrency: 32,
      modelUrl: 'https://api.openai.com/v1',
      adminAddress: '[::]:9464',
      logLevel: 'debug',
      retentionDays: 30,
      agentId: 'agent-b',
    })
    expect(values.modelKey?.reveal()).toBe('sk-1')
  })

  it('keeps its data under XDG_STATE_HOME, but not under a relative one', () => {
    expect(readSettings({ ...HOME, XDG_STATE_HOME: '/state' }).values.dataDir).toBe('/state/kafclaw')
    expect(readSettings({ ...HOME, XDG_STATE_HOME: 'state' }).values.dataDir).toBe('/home/ada/.local/state/kafclaw')
    expect(readSettings({ ...HOME, KAFCLAW_DATA_DIR: 'data' }).values.dataDir).toBe(join(process.cwd(), 'data'))
  })
})

describe('precedence', () => {
  it('counts a flag before the environment, that before a file, that before the default', () => {
    const keyFile = makeFile('key', '  from-file\n')
    const env = { ...HOME, KAFCLAW_MODEL_URL: 'http://m', KAFCLAW_MODEL: 'm', KAFCLAW_MODEL_KEY_FILE: keyFile }
    const read = (more: Variables, flags: SettingOverrides = {}) => {
      const { values, origins } = readSettings({ ...env, ...more }, flags)
      return [values.modelKey?.reveal() ?? null, origins.modelKey]
    }
    expect(read({ KAFCLAW_MODEL_KEY: 'from-env' }, { modelKey: 'from-flag' })).toEqual(['from-flag', 'flag'])
    expect(read({ KAFCLAW_MODEL_KEY: 'from-env' })).toEqual(['from-env', 'env'])
    expect(read({})).toEqual(['from-file', 'file'])
    expect(read({ KAFCLAW_MODEL_KEY_FILE: undefined })).toEqual([null, 'default'])
  })

  it('takes an empty variable as none and space around a value as nothing', () => {
    const { values, origins } = readSettings({ ...HOME, KAFCLAW_ZONE: '', KAFCLAW_GROUP: ' acme\n' })
    expect([values.zone, origins.zone]).toEqual(['public', 'default'])
    expect([values.group, origins.group]).toEqual(['acme', 'env'])
  })

  it('does not read a file for what is no secret', () => {
    const { values } = readSettings({ ...HOME, KAFCLAW_ZONE_FILE: makeFile('zone', 'east') })
    expect(values.zone).toBe('public')
  })
})

describe('problems', () => {
  it.each<[variable: string, value: string, expected: RegExp]>([
    ['KAFCLAW_GROUP', 'Acme', /a name of at most 63 characters/],
    ['KAFCLAW_ZONE', 'a.b', /a name of at most 63 characters/],
    ['KAFCLAW_ZONE', 'a'.repeat(64), /a name of at most 63 characters/],
    ['KAFCLAW_MODE', 'remote', /one of local, local-kafka/],
    ['KAFCLAW_LEASE', '12', /a duration from 1s to 10m/],
    ['KAFCLAW_LEASE', '999ms', /a duration from 1s to 10m/],
    ['KAFCLAW_LEASE', '11m', /a duration from 1s to 10m/],
    ['KAFCLAW_KAFKA_PROPERTIES', '/nowhere/client.properties', /a file that exists/],
    ['KAFCLAW_AGENT_ID', 'a'.repeat(57), /at most 56 characters/],
    ['KAFCLAW_AGENT_ID', 'b-memory', /not ending in -memory/],
    ['KAFCLAW_SKILLS', 'chat,,x', /at least one skill/],
    ['KAFCLAW_SKILLS', ',', /at least one skill/],
    ['KAFCLAW_INSTRUCTIONS_FILE', tmpdir(), /a file that exists/],
    ['KAFCLAW_CONCURRENCY', '0', /a whole number from 1 to 1000/],
    ['KAFCLAW_CONCURRENCY', '8.5', /a whole number from 1 to 1000/],
    ['KAFCLAW_RETENTION_DAYS', '13', /a whole number from 14 to 3650/],
    ['KAFCLAW_ADMIN_ADDR', '9464', /an address host:port/],
    ['KAFCLAW_LOG_LEVEL', 'verbose', /one of trace, debug, info, warn, error, fatal, silent/],
    ['KAFCLAW_MODEL_URL', 'api.openai.com', /an http or https URL/],
    ['KAFCLAW_DATA_DIR', '/dev/null', /a path of a folder/],
  ])('names %s, its value %s and what is expected', (variable, value, expected) => {
    const [problem, ...more] = problemsOf({ ...HOME, [variable]: value })
    expect(more).toEqual([])
    expect(problem).toMatch(expected)
    expect(problem?.startsWith(`${variable} is ${JSON.stringify(value)}: expected `)).toBe(true)
  })

  it.each(['k', 'k:0', 'k:9092;l:9092', 'k:99999', 'PLAINTEXT://k:9092'])('refuses the brokers %s', (brokers) => {
    const problems = problemsOf({ ...HOME, ...KAFKA, KAFCLAW_KAFKA_BROKERS: brokers })
    expect(problems).toEqual([expect.stringMatching(/^KAFCLAW_KAFKA_BROKERS is ".*": expected addresses host:port/)])
  })

  it('names all problems in one error, one a line', () => {
    const problems = problemsOf(
      {
        ...HOME,
        KAFCLAW_KAFKA_BROKERS: 'k:9092',
        KAFCLAW_LEASE: 'soon',
        KAFCLAW_MODEL_URL: 'http://m',
        KAFCLAW_MODEL_KEY_FILE: '/nowhere/key',
        KAFCLAW_CONCURRENCY: '-1',
      },
      { skills: 'Chat' },
    )
    expect(problems.map((problem) => problem.split(' ').slice(0, 3).join(' '))).toEqual([
      'KAFCLAW_LEASE is "soon":',
      'KAFCLAW_SKILLS (given as',
      'KAFCLAW_CONCURRENCY is "-1":',
      'KAFCLAW_MODEL_KEY_FILE names /nowhere/key,',
      'KAFCLAW_GROUP is not',
      'KAFCLAW_MODEL is not',
    ])
  })

  it('wants the group to be named on Kafka, by a flag or in the environment', () => {
    const brokers = { ...HOME, KAFCLAW_KAFKA_BROKERS: 'k:9092' }
    expect(problemsOf(brokers)).toEqual([expect.stringMatching(/^KAFCLAW_GROUP is not set/)])
    expect(problemsOf(brokers, { group: 'acme' })).toEqual([])
    expect(problemsOf({ ...brokers, KAFCLAW_GROUP: 'local' })).toEqual([])
  })

  it('finds a mode that contradicts the brokers', () => {
    expect(problemsOf({ ...HOME, ...KAFKA, KAFCLAW_MODE: 'local' })).toEqual([expect.stringContaining('KAFCLAW_MODE')])
    expect(problemsOf({ ...HOME, KAFCLAW_MODE: 'local-kafka' })).toEqual([
      expect.stringMatching(/^KAFCLAW_KAFKA_BROKERS is not set/),
    ])
  })

  it.each([
    ['KAFCLAW_MODEL_URL', 'http://m', 'KAFCLAW_MODEL'],
    ['KAFCLAW_MODEL', 'm', 'KAFCLAW_MODEL_URL'],
    ['KAFCLAW_EMBEDDING_URL', 'http://m', 'KAFCLAW_EMBEDDING_MODEL'],
    ['KAFCLAW_EMBEDDING_MODEL', 'm', 'KAFCLAW_EMBEDDING_URL'],
  ])('finds that %s alone is half of a pair', (variable, value, missing) => {
    expect(problemsOf({ ...HOME, [variable]: value })).toEqual([`${missing} is not set: ${variable} needs it`])
  })

  it('finds a secret file that is empty or away', () => {
    expect(problemsOf({ ...HOME, KAFCLAW_ADMIN_TOKEN_FILE: makeFile('empty', '\n') })).toEqual([
      expect.stringContaining('which is empty'),
    ])
    expect(problemsOf({ ...HOME, KAFCLAW_ADMIN_TOKEN_FILE: '/nowhere/token' })).toEqual([
      expect.stringContaining('cannot be read (ENOENT)'),
    ])
  })
})

describe('secrets', () => {
  const secret = 'sk hunter2'

  it('never shows the value of a secret that is not valid', () => {
    const fromEnv = problemsOf({ ...HOME, KAFCLAW_ADMIN_TOKEN: secret })
    const fromFile = problemsOf({ ...HOME, KAFCLAW_ADMIN_TOKEN_FILE: makeFile('bad-token', secret) })
    expect(fromEnv).toEqual([expect.stringMatching(/^KAFCLAW_ADMIN_TOKEN is not valid: expected visible characters/)])
    expect(fromFile).toEqual([
      expect.stringMatching(/^the secret in the file of KAFCLAW_ADMIN_TOKEN_FILE is not valid/),
    ])
    expect(`${fromEnv}${fromFile}`).not.toContain('hunter2')
  })

  it.each(['https://me:hunter2@host/v1', 'https://hunter2@host', 'https://host/v1?key=hunter2', 'https://h/#hunter2'])(
    'refuses %s without showing what may be a key',
    (url) => {
      const problems = problemsOf({ ...HOME, KAFCLAW_MODEL_URL: url, KAFCLAW_MODEL: 'm' })
      expect(problems).toHaveLength(1)
      expect(problems[0]).toContain('[secret]')
      expect(problems[0]).not.toContain('hunter2')
    },
  )

  it('gives a secret to nobody who does not ask for it by reveal', () => {
    const read = readSettings({ ...HOME, KAFCLAW_ADMIN_TOKEN: 'hunter2' })
    const { adminToken } = read.values
    expect(`${adminToken}${JSON.stringify(read)}${inspect(read, { depth: 9 })}`).not.toContain('hunter2')
    expect(adminToken?.reveal()).toBe('hunter2')
  })

  it('shows in the view where each value comes from, and of a secret only that it is set', () => {
    const read = readSettings({ ...HOME, KAFCLAW_ADMIN_TOKEN: 'hunter2', KAFCLAW_LEASE: '90s' }, { zone: 'east' })
    const view = Object.fromEntries(viewSettings(read).map((row) => [row.variable, [row.value, row.origin]]))
    expect(view).toMatchObject({
      KAFCLAW_ADMIN_TOKEN: ['[secret]', 'env'],
      KAFCLAW_MODEL_KEY: [null, 'default'],
      KAFCLAW_LEASE: ['90s', 'env'],
      KAFCLAW_ZONE: ['east', 'flag'],
      KAFCLAW_SKILLS: ['chat', 'default'],
      KAFCLAW_DATA_DIR: ['/home/ada/.local/state/kafclaw', 'default'],
    })
  })
})

describe('warnings', () => {
  it('names an unknown variable and the one that was probably meant', () => {
    const { warnings } = readSettings({ ...HOME, KAFCLAW_GRUOP: 'acme', KAFCLAW_COLOUR_OF_THE_SKY: 'blue' })
    expect(warnings).toEqual([
      'KAFCLAW_COLOUR_OF_THE_SKY has no effect: there is no such setting',
      'KAFCLAW_GRUOP has no effect: there is no such setting; did you mean KAFCLAW_GROUP?',
    ])
  })

  it('says that only secrets can stand in a file', () => {
    expect(readSettings({ ...HOME, KAFCLAW_GROUP_FILE: '/x' }).warnings).toEqual([
      'KAFCLAW_GROUP_FILE has no effect: only secrets can stand in a file, so set KAFCLAW_GROUP',
    ])
  })

  it('does not warn of what Kubernetes sets for a Service named kafclaw-*', () => {
    const env = {
      KAFCLAW_GATEWAY_SERVICE_HOST: '10.0.0.1',
      KAFCLAW_GATEWAY_SERVICE_PORT: '80',
      KAFCLAW_GATEWAY_SERVICE_PORT_HTTP: '80',
      KAFCLAW_GATEWAY_PORT: 'tcp://10.0.0.1:80',
      KAFCLAW_GATEWAY_PORT_80_TCP_ADDR: '10.0.0.1',
    }
    expect(readSettings({ ...HOME, ...env }).warnings).toEqual([])
  })

  it('says which settings have no effect without another', () => {
    const properties = makeFile('client.properties', '')
    const env = { KAFCLAW_KAFKA_PROPERTIES: properties, KAFCLAW_MODEL_KEY: 'k', KAFCLAW_EMBEDDING_KEY: 'k' }
    expect(readSettings({ ...HOME, ...env }).warnings).toEqual([
      'KAFCLAW_KAFKA_PROPERTIES has no effect: KAFCLAW_KAFKA_BROKERS is not set',
      'KAFCLAW_MODEL_KEY has no effect: KAFCLAW_MODEL_URL is not set',
      'KAFCLAW_EMBEDDING_KEY has no effect: KAFCLAW_EMBEDDING_URL is not set',
    ])
  })
})
