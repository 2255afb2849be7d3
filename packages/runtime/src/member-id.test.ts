import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystemEnv } from '@kafclaw/env'
import { createVirtualEnv } from '@kafclaw/env/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createDataFolder } from './data-folder.ts'
import { keepMemberId } from './member-id.ts'

let dataDir = ''
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'kafclaw-agent-id-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const env = createSystemEnv()

it.each(['agent', 'audit-sink', 'orchestrator'] as const)('makes an id for its %s once and keeps it', (kind) => {
  const data = createDataFolder({ dataDir, group: 'acme' })
  const made = keepMemberId(data, kind, env)
  expect(made).toMatch(new RegExp(`^${kind}-[0-9a-f]{6}$`))
  expect(keepMemberId(data, kind, env)).toBe(made)
  expect(readFileSync(data.idFile(kind), 'utf8')).toBe(`${made}\n`)
  expect(readdirSync(data.groupFolder)).toEqual([`${kind}.id`])
})

it('takes the id of the process that was first', () => {
  const data = createDataFolder({ dataDir, group: 'acme' })
  const inner = createVirtualEnv({ seed: 1 })
  const slow = {
    ...inner,
    randomBytes(sizeBytes: number) {
      mkdirSync(data.groupFolder, { recursive: true })
      writeFileSync(data.idFile('agent'), 'agent-first1\n')
      return inner.randomBytes(sizeBytes)
    },
  }
  expect(keepMemberId(data, 'agent', slow)).toBe('agent-first1')
})

it('makes another id in another group', () => {
  const ids = ['a', 'b'].map((group) => keepMemberId(createDataFolder({ dataDir, group }), 'agent', env))
  expect(new Set(ids).size).toBe(2)
})

it.each(['', 'Agent B', 'b-memory'])('refuses a file that holds "%s" and says what to do', (text) => {
  const data = createDataFolder({ dataDir, group: 'acme' })
  mkdirSync(data.groupFolder)
  writeFileSync(data.idFile('agent'), text)
  expect(() => keepMemberId(data, 'agent', env)).toThrow(
    expect.objectContaining({ code: 'KC_CONFIG_INVALID', message: expect.stringContaining('remove the file') }),
  )
})

it('says what to do when the folder cannot be written', () => {
  writeFileSync(join(dataDir, 'acme'), '')
  expect(() => keepMemberId(createDataFolder({ dataDir, group: 'acme' }), 'agent', env)).toThrow(
    expect.objectContaining({ code: 'KC_CONFIG_INVALID', message: expect.stringContaining('KAFCLAW_DATA_DIR') }),
  )
})

it('lays files out by group and member', () => {
  const folder = createDataFolder({ dataDir: '/d', group: 'acme' })
  expect(folder.logDb).toBe('/d/acme/log.db')
  expect(folder.member('agent-a')).toEqual({
    folder: '/d/acme/agent-a',
    stateDb: '/d/acme/agent-a/state.db',
    memoryDb: '/d/acme/agent-a/memory.db',
    auditDb: '/d/acme/agent-a/audit.db',
  })
})
