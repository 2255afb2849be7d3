import { spawn } from 'node:child_process'

/** A released guard does nothing. */
export interface OrphanGuard {
  release(): void
}

// The pipe ends when this process does, however it dies; a line on it says that all was tidied up already.
const SCRIPT = 'read -r line && exit 0; kill -9 "$1" 2>/dev/null; rm -rf -- "$2"'

/** Kills process `pid` and removes `folder` when this process dies without having done so itself, kill -9 included. */
export function guardOrphan(pid: number, folder: string): OrphanGuard {
  const guard = spawn('sh', ['-c', SCRIPT, 'kafclaw-orphan-guard', String(pid), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.on('error', () => {})
  guard.stdin.on('error', () => {})
  guard.unref()
  // A pipe of a child is a socket and would keep this process alive.
  if ('unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref()
  return { release: () => void guard.stdin.end('done\n') }
}
