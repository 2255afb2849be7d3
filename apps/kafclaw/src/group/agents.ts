import { formatTimestamp } from '@kafclaw/envelope'
import { EXIT } from '@kafclaw/runtime'
import type { Invocation } from '../invocation.ts'
import { formatAge } from '../output/age.ts'
import { type Column, renderTable } from '../output/table.ts'
import { openGroup } from './open-group.ts'
import { requireTopics } from './require-topics.ts'
import { type Presence, readPresence } from './roster.ts'

const COLUMNS: ReadonlyArray<Column<Presence>> = [
  { title: 'AGENT', value: ({ entry }) => entry.agentId },
  { title: 'STATE', value: stateOf },
  { title: 'BEAT', value: ({ ageMs }) => formatAge(ageMs), align: 'right' },
  { title: 'BOOT', value: ({ entry }) => entry.boot, align: 'right' },
  { title: 'FREE', value: freeOf, align: 'right' },
  { title: 'ROLE', value: ({ entry }) => entry.manifest.role },
  { title: 'HOST', value: ({ entry }) => entry.manifest.host },
  { title: 'SKILLS', value: ({ entry }) => entry.manifest.skills.map(({ name }) => name).join(', ') },
]

/** The roster with the age of the last heartbeat of each. */
export async function agents(invocation: Invocation, options: { live?: true }): Promise<number> {
  await using host = openGroup(invocation)
  const { zone } = await requireTopics(host)
  const all = await readPresence(host, zone.leaseMs)
  const shown = all
    .filter(({ isLive }) => isLive || !options.live)
    .toSorted((a, b) => Number(b.isLive) - Number(a.isLive) || a.entry.agentId.localeCompare(b.entry.agentId))
  const { output } = invocation
  output.data(shown.map(toJson), () => renderTable(COLUMNS, shown, output))
  if (shown.length === 0) output.note('nobody is there; start somebody with: kafclaw up')
  return EXIT.done
}

function stateOf({ entry, isLive }: Presence): string {
  if (entry.manifest.status === 'leaving') return 'left'
  return isLive ? 'live' : 'silent'
}

function freeOf({ entry: { manifest } }: Presence): string | null {
  if (manifest.free === null) return null
  return manifest.capacity === null ? String(manifest.free) : `${manifest.free}/${manifest.capacity}`
}

function toJson(presence: Presence) {
  const { entry, ageMs } = presence
  const { manifest } = entry
  return {
    agent_id: entry.agentId,
    state: stateOf(presence),
    age_ms: ageMs,
    last_beat_at: formatTimestamp(entry.appendedMs),
    boot: entry.boot,
    boot_id: entry.bootId,
    role: manifest.role,
    skills: manifest.skills.map(({ name }) => name),
    capacity: manifest.capacity,
    free: manifest.free,
    protocol_level: manifest.protocol_level,
    version: manifest.version,
    host: manifest.host,
  }
}
