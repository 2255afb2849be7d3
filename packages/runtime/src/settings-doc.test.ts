import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { generateConfigurationDoc } from './settings-doc.ts'
import { listSettings } from './settings-table.ts'

it('keeps docs/configuration.md equal to the table', () => {
  const path = new URL('../../../docs/configuration.md', import.meta.url)
  expect(readFileSync(path, 'utf8')).toBe(generateConfigurationDoc())
})

it('describes every setting in one row, with the file form of every secret', () => {
  const rows = generateConfigurationDoc()
    .split('\n')
    .filter((line) => line.startsWith('| `KAFCLAW_'))
  expect(rows).toHaveLength(listSettings().length)
  for (const [, { variable, isSecret }] of listSettings()) {
    const row = rows.find((line) => line.startsWith(`| \`${variable}\``))
    expect(row?.includes(`${variable}_FILE`)).toBe(isSecret === true)
    expect(row?.split('|')).toHaveLength(7)
  }
})

it('has a default in the table that its own kind accepts', () => {
  for (const [, { fallback, kind }] of listSettings()) {
    if (fallback !== null) expect(kind.read(fallback)).not.toBeNull()
  }
})

it('says of every setting without a default what counts instead', () => {
  for (const [key, setting] of listSettings()) {
    if (setting.fallback === null) expect(setting.otherwise, key).toBeTruthy()
  }
})
