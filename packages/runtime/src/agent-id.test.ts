import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createSystemEnv } from '@kafclaw/env'
import { createVirtualEnv } from '@kafclaw/env/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { keepAgentId } from './agent-id.ts'
import { createDataFolder } from './data-folder.ts'

let dataDir = ''
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'kafclaw-agent-id-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const env = createSystemEnv()

it('makes an id once and keeps it', () => {
  const { agentIdFile, groupFolder } = createDataFolder({ dataDir, group: 'acme' })
  const made = keepAgentId(agentIdFile, env)
  expect(made).toMatch(/^agent-[0-9a-f]{6}$/)
  expect(keepAgentId(agentIdFile, env)).toBe(made)
  expect(readFileSync(agentIdFile, 'utf8')).toBe(`${made}\n`)
  expect(readdirSync(groupFolder)).toEqual(['agent.id'])
})

it('takes the id of the process that was first', () => {
  const { agentIdFile } = createDataFolder({ dataDir, group: 'acme' })
  const inner = createVirtualEnv({ seed: 1 })
  const slow = {
    ...inner,
    randomBytes(sizeBytes: number) {
      mkdirSync(dirname(agentIdFile), { recursive: true })
      writeFileSync(agentIdFile, 'agent-first1\n')
      return inner.randomBytes(sizeBytes)
    },
  }
  expect(keepAgentId(agentIdFile, slow)).toBe('agent-first1')
})

it('makes another id in another group', () => {
  const ids = ['a', 'b'].map((group) => keepAgentId(createDataFolder({ dataDir, group }).agentIdFile, env))
  expect(new Set(ids).size).toBe(2)
})

it.each(['', 'Agent B', 'b-memory'])('refuses a file that holds "%s" and says what to do', (text) => {
  const file = join(dataDir, 'agent.id')
  writeFileSync(file, text)
  expect(() => keepAgentId(file, env)).toThrow(
    expect.objectContaining({ code: 'KC_CONFIG_INVALID', message: expect.stringContaining('remove the file') }),
  )
})

it('says what to do when the folder cannot be written', () => {
  writeFileSync(join(dataDir, 'file'), '')
  expect(() => keepAgentId(join(dataDir, 'file', 'agent.id'), env)).toThrow(
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
