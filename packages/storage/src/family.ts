/** The kinds of file that KafClaw keeps: one schema and one line of migrations each. */
export type Family = 'state' | 'memory' | 'audit' | 'log'

/** `application_id` of each family (SQLite header, bytes 68 to 71), "KC" and two letters: it tells our files from others. */
export const APPLICATION_IDS: Record<Family, number> = {
  state: 0x4b435354,
  memory: 0x4b434d45,
  audit: 0x4b434155,
  log: 0x4b434c4f,
}
