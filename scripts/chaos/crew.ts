import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createDataFolder, type MemberFiles } from '@kafclaw/runtime'
import { createLink, type Link } from '@kafclaw/testing'
import { bundleApp } from '../build/bundle-app.ts'
import { type AgentProcess, createAgentProcess } from './agent-process.ts'
import type { ChaosCase, Group, Role } from './case/chaos-case.ts'
import { mountSmallDisk, type SmallDisk } from './small-disk.ts'
import type { Stage } from './stage.ts'
import { wrongClock } from './wrong-clock.ts'

const stepWorker = join(import.meta.dirname, 'step-worker')
const apps = join(import.meta.dirname, '..', '..', 'apps')

export interface CrewMember {
  /** As the case calls it, `<group name>-<n>`. */
  readonly name: string
  readonly group: Group
  /** The id under which it takes part. */
  readonly id: string
  readonly files: MemberFiles
  readonly logPath: string
  readonly process: AgentProcess
  readonly link: Link | null
  readonly disk: SmallDisk | null
  /** A second process under the same id, with a folder of its own. */
  twin(): Promise<AgentProcess>
}

export interface CrewOptions {
  case: ChaosCase
  /** Where the ledger of effects listens; null: there is none. */
  ledgerUrl: string | null
}

/** The members of all groups of the case; none is started. A bundle is up in a fifth of the time that it takes from source. */
export async function createCrew(stage: Stage, options: CrewOptions): Promise<CrewMember[]> {
  const roles = new Set(options.case.crew.map(({ role }) => role))
  await Promise.all([...roles].map((role) => bundleApp(folderOf(role))))
  const crew: CrewMember[] = []
  for (const group of options.case.crew)
    for (let n = 1; n <= group.count; n++) crew.push(await createMember(stage, options, { group, n }))
  return crew
}

export async function startAll(crew: readonly CrewMember[]): Promise<void> {
  for (const { process } of crew) process.start()
  await Promise.all(crew.map(({ process }) => process.ready()))
}

async function createMember(
  stage: Stage,
  options: CrewOptions,
  { group, n }: { group: Group; n: number },
): Promise<CrewMember> {
  const name = `${group.name}-${n}`
  const id = group.role === 'memory-indexer' ? `${name}-memory` : name
  const dataDir = stage.folder(name)
  const disk = group.disk?.kind === 'tmpfs' ? await mountSmallDisk(dataDir, group.disk.mib) : null
  if (disk) stage.defer(() => disk[Symbol.dispose]())
  const link = group.hasLine ? await createLink(stage.brokers) : null
  if (link) stage.defer(() => link[Symbol.asyncDispose]())
  await keepId(stage, dataDir, { role: group.role, id })
  const logPath = stage.folder(`${name}.log`)
  const variables = {
    ...variablesOf(stage, name, { group, link }),
    ...(group.role === 'worker' ? { CHAOS_WORK: JSON.stringify(workOf(options, group, name)) } : {}),
  }
  const start = (folder: string): AgentProcess => {
    const more = { ...variables, KAFCLAW_DATA_DIR: folder }
    const process = createAgentProcess(join(folderOf(group.role), 'dist', 'main.js'), { variables: more, logPath })
    stage.defer(() => end(process))
    return process
  }
  const files = createDataFolder({ dataDir, group: stage.scope.group }).member(id)
  return {
    name,
    group,
    id,
    files,
    logPath,
    process: start(dataDir),
    link,
    disk,
    async twin() {
      return start(stage.folder(`${name}-twin`))
    },
  }
}

function folderOf(role: Role): string {
  return role === 'worker' ? stepWorker : join(apps, role)
}

function variablesOf(
  stage: Stage,
  name: string,
  { group, link }: { group: Group; link: Link | null },
): Record<string, string> {
  return {
    KAFCLAW_KAFKA_BROKERS: (link?.brokers ?? stage.brokers).join(','),
    KAFCLAW_GROUP: stage.scope.group,
    KAFCLAW_AGENT_ID: name,
    KAFCLAW_CONCURRENCY: String(group.concurrency),
    KAFCLAW_ADMIN_ADDR: '127.0.0.1:0',
    KAFCLAW_LOG_LEVEL: 'info',
    ...(group.clock === null ? {} : wrongClock(group.clock)),
  }
}

/** What the step worker is told. */
function workOf({ case: { work, faults }, ledgerUrl }: CrewOptions, group: Group, name: string): object {
  const stops = faults.find((fault) => fault.do === 'freeze_in_call' && isMeant(fault.to, { name, group }))
  return {
    ...work,
    stepMs: group.stepMs ?? work.stepMs,
    ledgerUrl,
    stopsAtCalls: stops?.do === 'freeze_in_call' ? stops.calls : null,
  }
}

/** An audit sink has the id that its data folder keeps, whatever its settings say. */
async function keepId(stage: Stage, dataDir: string, { role, id }: { role: Role; id: string }): Promise<void> {
  if (role !== 'audit-sink') return
  const path = createDataFolder({ dataDir, group: stage.scope.group }).idFile('audit-sink')
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${id}\n`)
}

async function end(process: AgentProcess): Promise<void> {
  process.thaw()
  await process.kill()
}

/** Whether a selector of a case means this member: by its name, its group, its role, or as one of all services. */
export function isMeant(to: readonly string[], { name, group }: Pick<CrewMember, 'name' | 'group'>): boolean {
  return to.some((one) => one === 'services' || one === name || one === group.name || one === group.role)
}
