import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '@kafclaw/envelope'
import { EXIT, renderTree } from '@kafclaw/runtime'
import { watchForInterruption } from '../interruption.ts'
import type { Invocation } from '../invocation.ts'
import { createOutput } from '../output/output.ts'
import { printable } from '../output/printable.ts'
import type { DemoGroup } from './demo-group.ts'
import { openEmbeddedGroup } from './embedded-group.ts'
import { toJsonResult } from './json-result.ts'
import { tellStory } from './story.ts'
import { verifyResult } from './verify-result.ts'

export interface DemoOptions {
  kafka?: true
  fact?: string
  question?: string
  keep?: true
  json: boolean
}

const FACT = 'The billing service listens on port 8443 since the move to the new cluster.'
const QUESTION = 'Which port does the billing service listen on?'

/** The main job, from an empty folder to an answer with its origin; every position is checked against the log before it is printed. */
export async function demo(caller: Invocation, options: DemoOptions): Promise<number> {
  const output = createOutput(caller.io, options.json ? 'json' : 'table')
  const invocation = { ...caller, output }
  const fact = textOf(options.fact, FACT, '--fact')
  const question = textOf(options.question, QUESTION, '--question')
  using interruption = watchForInterruption()
  const interrupted = interruption.signal
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'kafclaw-demo-'))
  stack.defer(async () => {
    if (options.keep) output.note(`all files are in ${folder}`)
    else await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  const group: DemoGroup = stack.use(
    await openGroup(invocation, { folder, interrupted, kafka: options.kafka === true }),
  )
  output.note(`group ${group.host.settings.group} on ${group.place}`)
  const result = await tellStory(group, { fact, question, interrupted, output })
  const count = await verifyResult(group.host.log, result)
  output.note(`${count} positions were read back from the log: each holds the record that is named here`)
  output.data(toJsonResult(result), () => {
    const lines = [result.answer, '', ...renderTree(result.tree)].join('\n')
    return output.isTerminal ? printable(lines) : lines
  })
  return EXIT.done
}

async function openGroup(
  invocation: Invocation,
  { folder, interrupted, kafka }: { folder: string; interrupted: AbortSignal; kafka: boolean },
): Promise<DemoGroup> {
  if (!kafka) return openEmbeddedGroup(invocation, folder)
  const { openKafkaGroup } = await import('./kafka-group.ts')
  return openKafkaGroup(invocation, { folder, interrupted })
}

function textOf(given: string | undefined, fallback: string, option: string): string {
  const text = (given ?? fallback).trim()
  if (text === '') throw new AppError('KC_USAGE', `${option} is empty: give it a sentence, or leave it out.`)
  return text
}
