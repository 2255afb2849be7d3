import { expect, it } from 'vitest'
import { answerArguments } from './service-usage.ts'

it('runs when there are no arguments', () => {
  expect(answerArguments('agent-worker', [])).toBeNull()
})

it('names every setting that the service reads, and no other', () => {
  const help = answerArguments('audit-sink', ['--help'])
  expect(help).toMatchObject({ exitCode: 0, stderr: '' })
  expect(help?.stdout).toMatch(/^Usage: audit-sink/)
  expect(help?.stdout).toContain('KAFCLAW_KAFKA_BROKERS')
  expect(help?.stdout).not.toContain('KAFCLAW_SKILLS')
})

it('prints its version', () => {
  expect(answerArguments('agent-worker', ['--version'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  })
})

it('refuses what it does not know as wrong usage, instead of starting anyway', () => {
  expect(answerArguments('agent-worker', ['--group', 'acme'])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: "agent-worker: takes no argument '--group'; see agent-worker --help\n",
  })
})
