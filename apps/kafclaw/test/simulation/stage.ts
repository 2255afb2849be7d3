import { createDataFolder, readSettings } from '@kafclaw/runtime'

/** Where all runs of the simulation play. */
export const { values: SETTINGS } = readSettings({ KAFCLAW_GROUP: 'sim', KAFCLAW_DATA_DIR: '/simulated' })
export const SCOPE = { group: SETTINGS.group, zone: SETTINGS.zone }
export const DATA = createDataFolder(SETTINGS)
export const PARTITIONS = 2
export const LEADERS = 3
export const LEASE_MS = 2000
export const AGENTS = ['agent-a', 'agent-b', 'agent-c']
