import { type ParseArgsConfig, parseArgs } from 'node:util'

/**
 * Reads the command line of a script. `--help` prints the usage and exits 0; what cannot be read is said in one line, with the
 * usage below it, and exits 2.
 */
export function readCommandLine<T extends ParseArgsConfig>(
  config: T,
  usage: () => string,
): ReturnType<typeof parseArgs<T>> {
  if (process.argv.slice(2).some((arg) => arg === '--help' || arg === '-h')) {
    process.stdout.write(usage())
    process.exit(0)
  }
  try {
    return parseArgs(config)
  } catch (error) {
    // Node adds a second sentence, about options that are none.
    const [problem = ''] = (error instanceof Error ? error.message : String(error)).split('. ')
    return refuse(problem, usage())
  }
}

/** Says what is wrong with a command line, and ends the process. */
export function refuse(problem: string, usage: string): never {
  process.stderr.write(`${problem}\n\n${usage}`)
  process.exit(2)
}
