import { EXIT, readSettings, type SettingView, viewSettings } from '@kafclaw/runtime'
import type { Invocation } from '../invocation.ts'
import { type Column, renderTable } from '../output/table.ts'

const VALUE: ReadonlyArray<Column<SettingView>> = [
  { title: 'VARIABLE', value: (row) => row.variable },
  { title: 'VALUE', value: (row) => row.value },
]
const ORIGIN: Column<SettingView> = { title: 'ORIGIN', value: (row) => row.origin }

/** Prints what counts; problems with the settings are one error, as everywhere. */
export async function viewConfig({ io, output, overrides }: Invocation, options: { origin?: true }): Promise<number> {
  const read = readSettings(io.variables, overrides)
  for (const warning of read.warnings) output.warn(warning)
  const rows = viewSettings(read)
  const shown = options.origin ? rows : rows.map(({ variable, value }) => ({ variable, value }))
  output.data(shown, () => renderTable(options.origin ? [...VALUE, ORIGIN] : VALUE, rows, output))
  return EXIT.done
}
