import { EXIT } from './exit-codes.ts'
import { VERSION } from './host.ts'
import { listSettings, type Service } from './settings-table.ts'

export interface ArgumentsAnswer {
  exitCode: number
  stdout: string
  stderr: string
}

/** What a service says to its arguments instead of running; null when there are none. */
export function answerArguments(name: Service, args: readonly string[]): ArgumentsAnswer | null {
  const [first] = args
  if (first === undefined) return null
  if (first === '--version') return { exitCode: EXIT.done, stdout: `${VERSION}\n`, stderr: '' }
  if (first === '--help' || first === '-h') return { exitCode: EXIT.done, stdout: usage(name), stderr: '' }
  return { exitCode: EXIT.usage, stdout: '', stderr: `${name}: takes no argument '${first}'; see ${name} --help\n` }
}

function usage(name: Service): string {
  const settings = listSettings()
    .map(([, setting]) => setting)
    .filter(({ services }) => services.includes(name))
  const width = Math.max(...settings.map(({ variable }) => variable.length))
  const lines = settings.map(({ variable, fallback, otherwise, description }) => {
    const value = (otherwise ?? fallback ?? 'none').replaceAll('`', '')
    return `  ${variable.padEnd(width)}  ${description.replaceAll('`', '')} (${value})\n`
  })
  return `Usage: ${name} [--help | --version]

Runs the service ${name} until SIGTERM or SIGINT. It takes its settings from the environment;
docs/configuration.md has the same table in full.

${lines.join('')}`
}
