import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { CannotRun } from './cannot-run.ts'

/** The variables that make a process see another wall clock, `+1h` or `-1h`; what measures time spans stays untouched. Throws CannotRun. */
export function wrongClock(offset: string): Record<string, string> {
  const library = findLibrary() ?? install()
  return { LD_PRELOAD: library, FAKETIME: offset, DONT_FAKE_MONOTONIC: '1' }
}

function findLibrary(): string | undefined {
  return globSync('/usr/lib/{*,.}/faketime/libfaketime.so.1')[0]
}

function install(): string {
  spawnSync('apt-get', ['install', '-y', '-qq', 'libfaketime'], { stdio: 'ignore' })
  const library = findLibrary()
  if (library) return library
  throw new CannotRun('libfaketime is not here and cannot be installed: apt-get install libfaketime')
}
