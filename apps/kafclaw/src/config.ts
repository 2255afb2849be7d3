import type { Io } from './io.ts'

/** The process as the commands see it; the only place of this app that looks at it for settings. */
export function processIo(): Io {
  return {
    argv: process.argv.slice(2),
    variables: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  }
}
