import { join } from 'node:path'
import { runProgram } from './programs.ts'

const root = join(import.meta.dirname, '..', '..')
const examples = join(root, 'docs', 'examples')

type Found<T> = ({ ok: true } & T) | { ok: false; reason: string }

/** What `install.mjs` could bring of what the examples need. */
export interface Installed {
  python: Found<{ program: string }>
  go: Found<{ folder: string }>
  shell: Found<object>
}

/** Installs what the examples in these languages need, where it is missing. */
export async function installLanguages<L extends keyof Installed>(
  languages: readonly L[],
): Promise<Pick<Installed, L>> {
  const args = [join(import.meta.dirname, 'install.mjs'), ...languages]
  const { code, stdout, stderr } = await runProgram(process.execPath, args)
  if (code !== 0) throw new Error(`install.mjs failed: ${stderr}`)
  return JSON.parse(stdout)
}

export interface Scope {
  group: string
  zone: string
}

export interface Command {
  program: string
  args: string[]
  env?: Record<string, string>
}

/** How the programs of one language are called. */
export interface Language {
  serve(skill: string): Command
  ask(question: string, whom: { to?: string; skill?: string }): Command
}

export function createPython(installed: Installed['python'], brokers: string, scope: Scope): Language {
  const call = (script: string, ...args: string[]): Command => ({
    program: installed.ok ? installed.program : 'python3',
    args: [
      join(examples, 'python', script),
      '--brokers',
      brokers,
      '--group',
      scope.group,
      '--zone',
      scope.zone,
      ...args,
    ],
  })
  return {
    serve: (skill) => call('serve.py', '--skill', skill),
    ask: (question, { to, skill }) => call('ask.py', ...flags({ to, skill }, '--'), question),
  }
}

export function createGo(installed: Installed['go'], brokers: string, scope: Scope): Language {
  const call = (name: string, ...args: string[]): Command => ({
    program: join(installed.ok ? installed.folder : '', name),
    args: ['-brokers', brokers, '-group', scope.group, '-zone', scope.zone, ...args],
  })
  return {
    serve: (skill) => call('serve', '-skill', skill),
    ask: (question, { to, skill }) => call('ask', ...flags({ to, skill }, '-'), question),
  }
}

export function createShell(brokers: string, scope: Scope): Language {
  const call = (script: string, args: string[], env: Record<string, string> = {}): Command => ({
    program: join(examples, 'shell', script),
    args,
    env: { BROKERS: brokers, GROUP: scope.group, ZONE: scope.zone, ...env },
  })
  return {
    serve: (skill) => call('serve.sh', [skill]),
    ask: (question, { to, skill }) =>
      call('ask.sh', [question], {
        ...(to === undefined ? {} : { TO: to }),
        ...(skill === undefined ? {} : { SKILL: skill }),
      }),
  }
}

function flags(values: Record<string, string | undefined>, dashes: string): string[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`${dashes}${name}`, value]))
}
