import { join } from 'node:path'
import { bundleApp } from '../build/bundle-app.ts'
import { type AgentProcess, createAgentProcess } from './agent-process.ts'
import type { Stage } from './stage.ts'

const stepWorker = join(import.meta.dirname, 'step-worker')
const apps = join(import.meta.dirname, '..', '..', 'apps')

export interface Work {
  /** Steps of a run. */
  steps: number
  stepMs: number
}

export interface CrewMember {
  readonly id: string
  readonly process: AgentProcess
}

/** What a member may have otherwise than the rest of the group. */
type Variables = Record<string, string>

/** Bundles what the crew runs: a worker is up in a fifth of the time that it takes from source. */
export async function buildCrew(): Promise<void> {
  await bundleApp(stepWorker)
}

/** A worker whose runs have steps; not started. */
export function createWorker(stage: Stage, id: string, { work, more }: { work: Work; more?: Variables }): CrewMember {
  const variables = {
    ...stage.variables(id),
    CHAOS_STEPS: String(work.steps),
    CHAOS_STEP_MS: String(work.stepMs),
    ...more,
  }
  return { id, process: stage.own(createAgentProcess(join(stepWorker, 'dist', 'main.js'), variables)) }
}

/** Starts that many workers and waits until they take tasks. */
export async function startWorkers(stage: Stage, count: number, work: Work): Promise<CrewMember[]> {
  await buildCrew()
  const crew = Array.from({ length: count }, (_, n) => createWorker(stage, `worker-${n + 1}`, { work }))
  await startAll(crew)
  return crew
}

export async function startAll(crew: readonly CrewMember[]): Promise<void> {
  for (const { process } of crew) process.start()
  await Promise.all(crew.map(({ process }) => process.ready()))
}

export async function stopAll(crew: readonly CrewMember[]): Promise<void> {
  await Promise.all(crew.map(({ process }) => process.stop()))
}

/** A service of the product; not started. */
export async function createService(
  stage: Stage,
  app: 'agent-worker' | 'orchestrator',
  id: string,
): Promise<CrewMember> {
  const folder = join(apps, app)
  await bundleApp(folder)
  return { id, process: stage.own(createAgentProcess(join(folder, 'dist', 'main.js'), stage.variables(id))) }
}
