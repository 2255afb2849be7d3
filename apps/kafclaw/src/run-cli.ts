import { CommanderError } from 'commander'
import type { Io } from './io.ts'
import { createProgram } from './program.ts'

/** Usage or configuration; as EXIT.usage of the runtime, which the quick paths do not load. */
const EXIT_USAGE = 2

/** Runs one command line to its end and returns the exit code. Errors are told on stderr, for a person. */
export async function runCli(io: Io): Promise<number> {
  if (isVersionFlag(io.argv)) return tellVersion(io)
  let code = 0
  const program = createProgram(io, (exitCode) => {
    code = exitCode
  })
  // A reader that has seen enough (head, a closed pager) is no error.
  io.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  try {
    await program.parseAsync([...io.argv], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
    return await tellError(io, error)
  }
}

/** What people and scripts try first; the command `version` says more. */
function isVersionFlag(argv: readonly string[]): boolean {
  return argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')
}

async function tellError(io: Io, error: unknown): Promise<number> {
  const { AppError } = await import('@kafclaw/envelope')
  const { toExitCode } = await import('@kafclaw/runtime')
  const known = AppError.fromUnknown(error, 'KC_BUG')
  io.stderr.write(`kafclaw: ${known.message}\n`)
  if (known.code === 'KC_BUG' && known.cause instanceof Error) io.stderr.write(`${known.cause.stack}\n`)
  return toExitCode(known)
}

async function tellVersion(io: Io): Promise<number> {
  const { VERSION } = await import('@kafclaw/runtime')
  io.stdout.write(`${VERSION}\n`)
  return 0
}
