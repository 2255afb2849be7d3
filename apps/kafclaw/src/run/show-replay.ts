import type { Output } from '../output/output.ts'
import { type Column, renderTable } from '../output/table.ts'
import type { Difference } from './compare-outcomes.ts'
import type { Divergence, ReplayedStep } from './replayed-run.ts'

/** What a replay has come to. */
export interface Replayed {
  taskId: string
  steps: readonly ReplayedStep[]
  divergence: Divergence | null
  differences: readonly Difference[]
  answer: string | null
}

export function showReplay(output: Output, replayed: Replayed): void {
  const { taskId, steps, divergence, differences, answer } = replayed
  const isSame = divergence === null && differences.length === 0
  const value = { task_id: taskId, same: isSame, steps, divergence, differences, answer }
  output.data(value, () => toText(output, replayed))
  if (divergence) output.note(`the replay left the journal at step ${divergence.step}: ${divergence.why}`)
  output.note(isSame ? 'the same outcome' : `${differences.length} differences in the outcome`)
}

function toText(output: Output, { steps, differences }: Replayed): string {
  return [
    renderTable(STEPS, steps, output),
    ...(differences.length === 0
      ? []
      : ['', output.bold('Differences'), renderTable(DIFFERENCES, differences, output)]),
  ].join('\n')
}

const STEPS: ReadonlyArray<Column<ReplayedStep>> = [
  { title: 'STEP', value: ({ step }) => step, align: 'right' },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'FROM', value: ({ source }) => source },
  { title: 'ANSWER', value: ({ differs }) => (differs === null ? null : differs ? 'another' : 'the same') },
]

const DIFFERENCES: ReadonlyArray<Column<Difference>> = [
  { title: 'FIELD', value: ({ field }) => field },
  { title: 'THEN', value: ({ before }) => textOf(before) },
  { title: 'NOW', value: ({ after }) => textOf(after) },
]

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}
