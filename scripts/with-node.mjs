#!/usr/bin/env node
// Brings the Node, pnpm and packages that this checkout needs into .tools/ and node_modules/, then runs a command with them.
// Plain JavaScript for Node 18 or later, because it runs before anything is installed.
//   node scripts/with-node.mjs COMMAND [ARG…]    installs what is missing, then runs the command
//   node scripts/with-node.mjs --prepare         installs and builds what is missing or old, runs nothing (for ./kafclaw)
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withLock } from './set-up-lock.mjs'

const NODE_WANTED = '24.21.0'
const NODE_LEAST = [24, 12]
const PNPM_WANTED = '12.21.0'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tools = join(root, '.tools')
const nodeLink = join(tools, 'bin', 'node')
const installedStamp = join(root, 'node_modules', '.kafclaw-installed')
const builtStamp = join(tools, 'built')

const [command, ...args] = process.argv.slice(2)
const startedAt = Date.now()
fs.mkdirSync(tools, { recursive: true })
try {
  if (command === '--prepare' || !isInstalled()) withLock(join(tools, 'lock'), say, prepare)
} catch (error) {
  say(error.message)
  process.exit(1)
}
if (command !== undefined && command !== '--prepare') run()

function prepare() {
  if (!fs.existsSync(nodeLink)) linkNode(chooseNode())
  if (!isInstalled()) installPackages()
  // Who waited for the lock finds the work done; a build that began before we were asked is not enough.
  if (command === '--prepare' && modifiedAt(builtStamp) < startedAt) {
    mustRun(nodeLink, ['-C', '@kafclaw/source', join(root, 'scripts', 'build.ts')], { cwd: root, env: environment() })
  }
}

/** Everything that the lockfile and this script ask for is there, and the chosen Node still exists. */
function isInstalled() {
  return fs.existsSync(nodeLink) && readText(installedStamp) === wantedStamp()
}

function wantedStamp() {
  const hash = createHash('sha256').update(`${NODE_WANTED} ${PNPM_WANTED}`)
  return hash.update(fs.readFileSync(join(root, 'pnpm-lock.yaml'))).digest('hex')
}

function chooseNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > NODE_LEAST[0] || (major === NODE_LEAST[0] && minor >= NODE_LEAST[1])) return process.execPath
  const platform = process.platform === 'win32' ? 'win' : process.platform
  // The packages of Node on npm: one per platform; the one for Apple silicon has a name of its own.
  const name = `${platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'}-${platform}-${process.arch}`
  const file = join('node_modules', name, 'bin', platform === 'win' ? 'node.exe' : 'node')
  return installTool(`${name}@${NODE_WANTED}`, file)
}

/** Installs one npm package under .tools/ without running its scripts; a half-finished install never becomes visible. */
function installTool(spec, file) {
  const home = join(tools, spec.replaceAll('/', '+'))
  if (!fs.existsSync(join(home, file))) {
    say(`installing ${spec} into .tools/ (once)`)
    const scratch = fs.mkdtempSync(join(tools, 'new-'))
    try {
      fs.writeFileSync(join(scratch, 'package.json'), '{}')
      const flags = [
        '--no-save',
        '--no-package-lock',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--loglevel',
        'error',
      ]
      // npm finds the machine's settings (proxy, certificates) beside the Node that it came with: so the caller's PATH, and no --prefix.
      mustRun('npm', ['install', ...flags, spec], { cwd: scratch })
      fs.rmSync(home, { recursive: true, force: true })
      fs.renameSync(scratch, home)
    } finally {
      fs.rmSync(scratch, { recursive: true, force: true })
    }
  }
  return join(home, file)
}

/** .tools/bin/node is what ./kafclaw starts without asking this script; a Node that went away is chosen anew. */
function linkNode(target) {
  fs.mkdirSync(dirname(nodeLink), { recursive: true })
  const scratch = `${nodeLink}.${process.pid}`
  fs.symlinkSync(target, scratch)
  fs.renameSync(scratch, nodeLink)
}

function installPackages() {
  const pnpm = join(tools, 'bin', 'pnpm')
  const script = installTool(`pnpm@${PNPM_WANTED}`, join('node_modules', 'pnpm', 'pnpm'))
  // The file that pnpm ships has no first line that names its shell, and turbo starts it without one.
  fs.mkdirSync(dirname(pnpm), { recursive: true })
  fs.writeFileSync(pnpm, `#!/bin/sh\nexec sh '${script}' "$@"\n`, { mode: 0o755 })
  say('installing packages with pnpm (the lockfile is new)')
  const flags = ['install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=warn']
  mustRun(pnpm, flags, { cwd: root, env: { ...environment(), CI: 'true' } })
  fs.writeFileSync(installedStamp, wantedStamp())
}

function environment() {
  const path = [join(tools, 'bin'), join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter)
  return { ...process.env, PATH: path, DO_NOT_TRACK: '1', TURBO_TELEMETRY_DISABLED: '1' }
}

/** Says nothing when all is well; stdout belongs to the command that comes afterwards. */
function mustRun(program, programArgs, options) {
  const result = spawnSync(program, programArgs, { ...options, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
  if (result.status === 0) return
  const reason = result.error ? result.error.message : `exit ${result.status ?? result.signal}`
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`)
  throw new Error(`set-up failed at: ${program} ${programArgs.join(' ')} (${reason})`)
}

/** Passes signals on to the command and its exit code back. */
function run() {
  const child = spawn(command === 'node' ? nodeLink : command, args, { env: environment(), stdio: 'inherit' })
  child.on('error', (error) => {
    say(error.message)
    process.exit(127)
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends Ctrl-C to the whole group: the child has it already.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)))
  }
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))
}

function readText(path) {
  return fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : ''
}

function modifiedAt(path) {
  return fs.existsSync(path) ? fs.statSync(path).mtimeMs : 0
}

function say(text) {
  process.stderr.write(`kafclaw: ${text}\n`)
}
