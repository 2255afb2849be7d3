import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type TempDir, tempDir } from '@kafclaw/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startChatServer } from './chat-server.ts'
import { EGRESS_LOG, type EgressCall } from './egress-hook.ts'
import { kafclaw, type Place, startKafclaw } from './kafclaw-process.ts'

const HOOK = pathToFileURL(join(import.meta.dirname, 'egress-hook.ts')).href
const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts')
/** Reserved for documentation: nobody answers there. RFC 5737. */
const OUTSIDE = '192.0.2.1'

let dir: TempDir
let place: Place
let log: string

beforeEach(async () => {
  dir = await tempDir()
  log = join(dir.path, 'egress.jsonl')
  const variables = {
    TMPDIR: dir.path,
    NODE_OPTIONS: `--import=${HOOK}`,
    [EGRESS_LOG]: log,
    KAFCLAW_AGENT_ID: 'agent-x',
  }
  place = { dataDir: join(dir.path, 'data'), variables }
})

afterEach(() => dir[Symbol.asyncDispose]())

function calls(): EgressCall[] {
  if (!existsSync(log)) return []
  return readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line): EgressCall => JSON.parse(line))
}

const withoutLoaded = (): EgressCall[] => calls().filter(({ what }) => what !== 'loaded')

describe('a process under the hook on every socket and lookup', { timeout: 120_000 }, () => {
  it.each([
    ['connect', `import net from 'node:net'; net.connect(80, '${OUTSIDE}')`],
    ['connect', `import { connect } from 'node:tls'; connect({ port: 443, host: '${OUTSIDE}' })`],
    ['connect', `import http from 'node:http'; http.get('http://${OUTSIDE}/').on('error', () => {})`],
    ['connect', `await fetch('http://${OUTSIDE}/')`],
    ['http2', `import http2 from 'node:http2'; http2.connect('http://${OUTSIDE}')`],
    ['lookup', `import { lookup } from 'node:dns'; lookup('example.org', () => {})`],
    ['lookup', `import { resolve4 } from 'node:dns/promises'; await resolve4('example.org')`],
    ['lookup', `import dns from 'node:dns'; new dns.Resolver().resolveTxt('example.org', () => {})`],
    ['datagram', `import dgram from 'node:dgram'; dgram.createSocket('udp4').send('x', 53, '${OUTSIDE}')`],
    ['listen', `import net from 'node:net'; net.createServer().listen(0)`],
  ])('is caught at a planted %s: %s', (what, code) => {
    const env = { ...process.env, ...place.variables }
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', code], { env, encoding: 'utf8' })
    expect(ran.status).not.toBe(0)
    expect(withoutLoaded().filter(({ allowed }) => !allowed)).toMatchObject([{ what }])
  })

  it('shows that the demo opens no connection, looks up no name and starts no program', async () => {
    const { code, stdout } = await kafclaw(place, ['demo'])
    expect(code).toBe(0)
    expect(stdout).toContain('8443')
    expect(calls()).toMatchObject([{ what: 'loaded' }])
  })

  it('shows the same of an agent, with memory, where no model is set', async () => {
    expect((await kafclaw(place, ['agent', '-m', 'remember that the gate code is 4711'])).code).toBe(0)
    expect((await kafclaw(place, ['agent', '-m', 'what do you know about the gate?'])).stdout).toContain('4711')
    expect(withoutLoaded()).toEqual([])
    expect(calls()).toHaveLength(2)
  })

  it('shows that an agent with a model talks to that model and to nothing else', async () => {
    await using server = await startChatServer(() => 'Good morning.')
    const variables = { ...place.variables, KAFCLAW_MODEL_URL: server.url, KAFCLAW_MODEL: 'test-model' }
    const { stdout } = await kafclaw({ ...place, variables }, ['agent', '-m', 'hello'])
    expect(stdout).toContain('Good morning.')
    expect(new Set(withoutLoaded().map(({ what, to }) => `${what} ${to}`))).toEqual(new Set(['connect 127.0.0.1']))
  })

  it('shows that `up` listens on this machine alone, and reaches out for nothing', async () => {
    const up = startKafclaw(place, ['up'])
    await vi.waitFor(() => expect(up.stderr()).toContain('kafclaw is ready'), { timeout: 30_000, interval: 100 })
    expect((await kafclaw(place, ['ask', 'hello'])).code).toBe(0)
    up.kill('SIGTERM')
    expect((await up.finished).code).toBe(0)
    expect(withoutLoaded().every(({ allowed }) => allowed)).toBe(true)
    expect(withoutLoaded().filter(({ what, to }) => what !== 'listen' && to !== '127.0.0.1')).toEqual([])
  })
})

/** Runs Node in a network namespace of its own in which there is nothing but loopback. */
async function inEmptyNetwork(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = 'ip link set lo up && exec "$@"'
  const command = ['-rn', 'sh', '-c', script, 'sh', process.execPath, ...args]
  const env = { ...process.env, TMPDIR: dir.path, KAFCLAW_DATA_DIR: place.dataDir, KAFCLAW_AGENT_ID: 'agent-x' }
  const child = spawn('unshare', command, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const [code] = await once(child, 'close')
  return { code, stdout, stderr }
}

const canHaveNamespace = spawnSync('unshare', ['-rn', 'ip', 'link', 'set', 'lo', 'up']).status === 0
if (!canHaveNamespace) {
  process.stderr.write(
    '\n!!! LEFT OUT: this kernel gives no network namespace to a user; demo and agent are not run in one\n\n',
  )
}

describe.skipIf(!canHaveNamespace)('in a network namespace with loopback only', { timeout: 120_000 }, () => {
  const run = (...args: string[]) => inEmptyNetwork(['-C', '@kafclaw/source', MAIN, ...args])

  it('there is no way out', async () => {
    const code = `require('node:net').connect(80, '${OUTSIDE}').on('error', (error) => console.log(error.code))`
    expect((await inEmptyNetwork(['-e', code])).stdout.trim()).toBe('ENETUNREACH')
  })

  it('the demo holds', async () => {
    const { code, stdout, stderr } = await run('demo')
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(stdout).toContain('8443')
  })

  it('an agent remembers and recalls', async () => {
    expect((await run('agent', '-m', 'remember that the gate code is 4711')).code).toBe(0)
    expect((await run('agent', '-m', 'what do you know about the gate?')).stdout).toContain('4711')
  })
})
