import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What a process has used: CPU time since its start in microseconds, memory in bytes. */
export interface Usage {
  user: number
  system: number
  rssPeakBytes: number
  heapBytes: number
}

/** The usage of this process; `collect` throws garbage away before the heap is measured. */
export function readUsage({ collect }: { collect: boolean }): Usage {
  if (collect) collectGarbage()
  const { userCPUTime: user, systemCPUTime: system, maxRSS: rssPeakKiB } = process.resourceUsage()
  return {
    user,
    system,
    rssPeakBytes: rssPeakKiB * 1024,
    heapBytes: process.memoryUsage().heapUsed,
  }
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
}
