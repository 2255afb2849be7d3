import type { RosterEntry } from '@kafclaw/tasks'
import { expect, it } from 'vitest'
import { holdsDuty } from './duty-holder.ts'

const SUBJECT = 'group.acme.open'
const INVOICES = 'group.acme.skill.invoice.requests'

function entry(agentId: string, manifest: Partial<RosterEntry['manifest']> = {}): RosterEntry {
  return {
    agentId,
    bootId: 'boot',
    boot: 1,
    appendedMs: 0,
    offset: 0,
    manifest: {
      agent_id: agentId,
      boot_id: 'boot',
      boot: 1,
      status: 'live',
      name: null,
      role: 'agent',
      skills: [{ name: 'chat', description: null, input_schema: null }],
      capacity: 1,
      free: 1,
      protocol_level: 3,
      version: null,
      host: null,
      ...manifest,
    },
  }
}

const invoicing = { skills: ['chat', 'invoice'].map((name) => ({ name, description: null, input_schema: null })) }

function holders(live: RosterEntry[], skillTopics: string[] = []): string[] {
  return live.map(({ agentId }) => agentId).filter((agentId) => holdsDuty(SUBJECT, agentId, { live, skillTopics }))
}

it('falls to exactly one of the live native services', () => {
  expect(holders(['a', 'b', 'c', 'd'].map((id) => entry(id)))).toHaveLength(1)
  expect(holders([entry('foreign', { protocol_level: 2 }), entry('native')])).toEqual(['native'])
  expect(holds('gone')).toBe(false)
})

it('falls to an orchestrator before all others', () => {
  const adviser = entry('adviser', { role: 'orchestrator', skills: [] })
  expect(holders([entry('a'), adviser, entry('b')], [INVOICES])).toEqual(['adviser'])
})

it('falls only to one that reads the requests of all skills, and to nobody where there is none', () => {
  expect(holders([entry('a'), entry('clerk', invoicing), entry('b')], [INVOICES])).toEqual(['clerk'])
  expect(holders([entry('a'), entry('b')], [INVOICES])).toEqual([])
})

function holds(agentId: string): boolean {
  return holdsDuty(SUBJECT, agentId, { live: [entry('a')], skillTopics: [] })
}
