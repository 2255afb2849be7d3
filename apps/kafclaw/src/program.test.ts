import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createProgram } from './program.ts'
import { runCli } from './run-cli.ts'

async function run(...argv: string[]) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  stdin.end()
  const code = await runCli({ argv, variables: { HOME: '/nonexistent' }, stdin, stdout, stderr })
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

it('prints help to stdout and exits 0', async () => {
  const { code, stdout, stderr } = await run('--help')
  expect(code).toBe(0)
  expect(stdout).toContain('Usage: kafclaw')
  expect(stderr).toBe('')
})

it('exits 2 with help on stderr when no command is given', async () => {
  const { code, stdout, stderr } = await run()
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('Usage: kafclaw')
})

it.each([
  { argv: ['aks', 'x'], suggestion: 'Did you mean ask?' },
  { argv: ['ask', '--tmeout', '3s', 'x'], suggestion: 'Did you mean --timeout?' },
  { argv: ['start', 'orchestra'], suggestion: 'agent-worker' },
  { argv: ['-o', 'xml', 'tasks'], suggestion: 'table, json' },
  { argv: ['tasks', 'cancle', 'task_1'], suggestion: 'too many arguments' },
  { argv: ['dlq', 'show', 'nonsense'], suggestion: 'group.acme.requests:3:1042' },
  { argv: ['trace'], suggestion: "missing required argument 'subject'" },
])('exits 2 and says what was meant for $argv', async ({ argv, suggestion }) => {
  const { code, stdout, stderr } = await run(...argv)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(suggestion)
})

it('exits 2 with all problems at once when settings are wrong', async () => {
  const { code, stderr } = await run('config', 'view', '--group', 'No Such Name', '--brokers', 'nonsense:port')
  expect(code).toBe(2)
  expect(stderr).toContain('KAFCLAW_GROUP')
  expect(stderr).toContain('KAFCLAW_KAFKA_BROKERS')
})

it('exits 2 for a duration that is none, and says what one looks like', async () => {
  const { code, stderr } = await run('ask', '--timeout', 'soon', 'x')
  expect(code).toBe(2)
  expect(stderr).toContain('12s, 10m')
})

it('exits 3 when Kafka cannot be reached', async () => {
  const { code, stderr } = await run(
    '--brokers',
    '127.0.0.1:1',
    '--group',
    'acme',
    '--data-dir',
    '/nonexistent',
    'tasks',
  )
  expect(code).toBe(3)
  expect(stderr).toContain('127.0.0.1:1')
}, 60_000)

it.each(['--version', '-V'])('answers %s', async (flag) => {
  const { code, stdout } = await run(flag)
  expect(code).toBe(0)
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

describe('help of each command', () => {
  const io = { argv: [], variables: {}, stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
  const program = createProgram(io, () => {})
  const leaves = program.commands.flatMap((command) => [
    ...(command.commands.length === 0 ? [command.name()] : []),
    ...command.commands.map((sub) => `${command.name()} ${sub.name()}`),
  ])

  it.each(leaves)('%s says what it does and shows examples', async (path) => {
    const { code, stdout } = await run(...path.split(' '), '--help')
    expect(code).toBe(0)
    expect(stdout).toContain(`Usage: kafclaw ${path}`)
    expect(stdout).toContain('Examples:')
    expect(stdout).toContain('--output')
  })
})
