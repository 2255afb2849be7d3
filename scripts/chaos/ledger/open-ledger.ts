import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LedgerLine } from './ledger-line.ts'

export interface Ledger extends AsyncDisposable {
  readonly url: string
  read(): Promise<LedgerLine[]>
}

/** Starts the ledger as a process of its own; it ends with this one. */
export async function openLedger(path: string): Promise<Ledger> {
  const child = fork(join(import.meta.dirname, 'main.ts'), [path], {
    execArgv: ['-C', '@kafclaw/source', '--disable-warning=ExperimentalWarning'],
  })
  const [message]: [{ url: string }] = (await once(child, 'message')) as [{ url: string }]
  return {
    url: message.url,
    async read() {
      const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '')
      return lines.map((line): LedgerLine => JSON.parse(line))
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
