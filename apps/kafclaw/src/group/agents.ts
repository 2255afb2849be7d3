import { formatTimestamp } from '@kafclaw/envelope'
import { EXIT } from '@kafclaw/runtime'
import type { AgentsOptions } from '../commands/agents.ts'
import type { Invocation } from '../invocation.ts'
import { formatAge } from '../output/age.ts'
import { type Column, renderTable } from '../output/table.ts'
import { openGroup } from './open-group.ts'
import { readToEnd } from './read-to-end.ts'
import { requireTopics } from './require-topics.ts'
import { createPresenceList, type Presence, rosterTopic } from './roster.ts'
import { watchRows } from './watch-rows.ts'

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

/** The roster with the age of the last heartbeat of each; with `watch` again and again. */
export async function agents(invocation: Invocation, options: AgentsOptions): Promise<number> {
  const { output, env } = invocation
  await using host = openGroup(invocation)
  const { zone } = await requireTopics(host)
  const list = createPresenceList(env, zone.leaseMs)
  const shown = (): Presence[] =>
    list
      .all()
      .filter(({ isLive }) => isLive || !options.live)
      .toSorted((a, b) => Number(b.isLive) - Number(a.isLive) || a.entry.agentId.localeCompare(b.entry.agentId))
  const toText = (rows: readonly Presence[]): string => renderTable(COLUMNS, rows, output)
  if (!options.watch) {
    await readToEnd(host.log, [rosterTopic(host)], { onRecord: list.fold })
    const rows = shown()
    output.data(rows.map(toJson), () => toText(rows))
    if (rows.length === 0) output.note('nobody is there; start somebody with: kafclaw up')
    return EXIT.done
  }
  return await watchRows(invocation, host, {
    topics: async () => [rosterTopic(host)],
    position: () => 'start',
    onRecord: list.fold,
    rows: shown,
    keyOf: ({ entry }) => entry.agentId,
    toJson,
    changeOf: (presence) => ({ ...toJson(presence), age_ms: null, last_beat_at: null }),
    toText,
  })
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
