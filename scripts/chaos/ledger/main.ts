import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { LedgerCall, LedgerLine } from './ledger-line.ts'

/**
 * The world outside: a process of its own that does what it is told, keeps what it did in a file (one JSON text a line, on
 * the disk before it answers) and refuses keys that it has given up. Arguments: the file.
 */
const [path = ''] = process.argv.slice(2)
const file = openSync(path, 'a')
const receipts = new Map<string, string>()
const voided = new Set<string>()

function keep(line: LedgerLine): void {
  writeSync(file, `${JSON.stringify(line)}\n`)
  if (line.kind !== 'step') fdatasyncSync(file)
}

/** It does not look whether the key was there before: whoever calls twice has an effect twice. */
async function call({ callMs, ...about }: LedgerCall): Promise<{ status: number; answer: object }> {
  await delay(callMs / 2)
  if (voided.has(about.key)) {
    keep({ kind: 'refused', ...about, atMs: Date.now() })
    return { status: 409, answer: { error: 'this key was given up' } }
  }
  const receipt = `receipt-${about.key}`
  keep({ kind: 'effect', ...about, atMs: Date.now() })
  receipts.set(about.key, receipt)
  await delay(callMs / 2)
  return { status: 200, answer: { receipt } }
}

/** It happened, or it never will. */
function settle(about: LedgerCall): object {
  const receipt = receipts.get(about.key)
  if (receipt === undefined) voided.add(about.key)
  keep({ kind: receipt === undefined ? 'void' : 'settled', ...about, atMs: Date.now() })
  return receipt === undefined ? { kind: 'never' } : { kind: 'happened', receipt }
}

const server = createServer(async (request, response) => {
  const about: LedgerCall = JSON.parse(await text(request))
  const reply = (status: number, answer: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }
  if (request.url === '/call') {
    const { status, answer } = await call(about)
    return reply(status, answer)
  }
  if (request.url === '/settle') return reply(200, settle(about))
  keep({ kind: 'step', ...about, atMs: Date.now() })
  reply(200, {})
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address) process.send?.({ url: `http://127.0.0.1:${address.port}` })
})
process.on('disconnect', () => {
  closeSync(file)
  process.exit(0)
})
