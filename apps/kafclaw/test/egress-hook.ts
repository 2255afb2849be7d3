// Loaded into a process before its program (--import): notes every way out of it, and lets only those to this machine pass.
import childProcess from 'node:child_process'
import dgram from 'node:dgram'
import dns from 'node:dns'
import { appendFileSync } from 'node:fs'
import http2 from 'node:http2'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

/** Variable with the file to which the hook writes, a line of JSON for each call. */
export const EGRESS_LOG = 'EGRESS_LOG'

/** `loaded`: the hook is in place in a process. `spawn`: a program that the hook may not reach. */
export interface EgressCall {
  what: 'loaded' | 'connect' | 'listen' | 'lookup' | 'datagram' | 'http2' | 'spawn'
  to: string
  allowed: boolean
}

// biome-ignore lint/suspicious/noExplicitAny: functions of any module are replaced here by others of the same arguments
type AnyFunction = (...args: any[]) => unknown
type Describe = (args: readonly unknown[]) => Pick<EgressCall, 'what' | 'to'> | null

const logFile = process.env[EGRESS_LOG]
if (logFile) install(logFile)

function install(file: string): void {
  const note = (call: EgressCall): void => appendFileSync(file, `${JSON.stringify(call)}\n`)
  note({ what: 'loaded', to: String(process.pid), allowed: true })

  /** Replaces `owner[name]` where it is a function. */
  function guard(owner: object, name: string, describe: Describe): void {
    const original: unknown = Reflect.get(owner, name)
    if (typeof original !== 'function') return
    const guarded: AnyFunction = function (this: unknown, ...args) {
      const call = describe(args)
      if (call !== null) {
        const allowed = call.what === 'spawn' || isLoopback(call.to)
        note({ ...call, allowed })
        if (!allowed) throw new Error(`egress: ${call.what} ${call.to}`)
      }
      return Reflect.apply(original, this, args)
    }
    Object.assign(guarded, original)
    Reflect.set(owner, name, guarded)
  }

  // TLS, HTTP and fetch all end here.
  guard(net.Socket.prototype, 'connect', (args) => describeTarget('connect', args))
  guard(net.Server.prototype, 'listen', (args) => describeTarget('listen', args))
  guard(http2, 'connect', ([authority]) => ({ what: 'http2', to: new URL(String(authority)).hostname }))
  guard(dgram.Socket.prototype, 'connect', ([, host]) => ({ what: 'datagram', to: hostOf(host) }))
  guard(dgram.Socket.prototype, 'send', (args) => ({
    what: 'datagram',
    to: hostOf(args.findLast((arg) => typeof arg === 'string' && args.indexOf(arg) > 0)),
  }))
  for (const owner of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
    for (const name of namesOf(owner).filter((name) => /^(lookup|resolve|reverse)/.test(name))) {
      guard(owner, name, ([host]) => ({ what: 'lookup', to: hostOf(host) }))
    }
  }
  for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']) {
    guard(childProcess, name, ([program]) => ({ what: 'spawn', to: String(program) }))
  }
  syncBuiltinESMExports()
}

function namesOf(owner: object): string[] {
  return Object.getOwnPropertyNames(owner)
}

/** Arguments of connect and listen: options, or port and host, or a path; a Unix socket stays on this machine. */
function describeTarget(what: 'connect' | 'listen', args: readonly unknown[]): ReturnType<Describe> {
  // Node hands on what it has normalised already as one array.
  const [first, second] = Array.isArray(args[0]) ? args[0] : args
  if (typeof first === 'object' && first !== null) {
    if ('path' in first && first.path) return null
    const host = 'host' in first ? first.host : undefined
    // A server without a host is open to every network.
    return { what, to: host === undefined && what === 'listen' ? '*' : hostOf(host) }
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return null
  return { what, to: what === 'listen' && typeof second !== 'string' ? '*' : hostOf(second) }
}

function hostOf(host: unknown): string {
  return typeof host === 'string' && host !== '' ? host : 'localhost'
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(host) || /^(\[)?(::1|::ffff:127\.[\d.]+)(\])?$/.test(host)
}
