import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

function run(script: string, ...args: string[]) {
  const command = ['-C', '@kafclaw/source', join(import.meta.dirname, script), ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' })
  return { status, stdout, stderr }
}

describe.each([
  ['chaos/main.ts', 'npm run -s chaos -- '],
  ['bench/main.ts', 'npm run -s bench -- '],
  ['check.ts', 'npm run -s check -- '],
])('%s', (script, usage) => {
  it('prints how it is called when it is asked', () => {
    expect(run(script, '--help')).toEqual({ status: 0, stdout: expect.stringContaining(usage), stderr: '' })
  })

  it('says in one line what it does not know, and how it is called', () => {
    const { status, stdout, stderr } = run(script, '--no-such-option')
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr.split('\n').slice(0, 2)).toEqual(["Unknown option '--no-such-option'", ''])
    expect(stderr).toContain(usage)
  })
})

it.each([
  [['chaos/main.ts', 'no-such-case'], 'There is no case "no-such-case".'],
  [['chaos/main.ts', 'takeover', '--lease', 'soon'], '--lease soon: a time is needed'],
  [['bench/main.ts', 'no-such-benchmark'], 'There is no benchmark "no-such-benchmark".'],
  [['bench/main.ts', 'wire', '--trips', 'many'], '--trips many: a whole number above 0 is needed'],
  [['check.ts', '--only', 'no such check'], 'There is no check "no such check"'],
])('refuses %j', ([script = '', ...args], problem) => {
  const { status, stderr } = run(script, ...args)
  expect(status).toBe(2)
  expect(stderr).toContain(problem)
  expect(stderr).not.toContain('    at ')
})
