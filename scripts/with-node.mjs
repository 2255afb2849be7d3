#!/usr/bin/env node
// Runs a command with the Node, pnpm and packages that this repository needs; what is missing goes to .tools/ and node_modules/.
// Plain JavaScript for Node 18 or later, because it runs before anything is installed.
//   node scripts/with-node.mjs COMMAND [ARG…]
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NODE_WANTED = '24.21.0'
const NODE_LEAST = [24, 12]
const PNPM_WANTED = '12.21.0'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tools = join(root, '.tools')
const stamp = join(root, 'node_modules', '.kafclaw-installed')

const node = chooseNode()
linkNode(node)
installPackages()
run(process.argv.slice(2))

function chooseNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const goodEnough = major > NODE_LEAST[0] || (major === NODE_LEAST[0] && minor >= NODE_LEAST[1])
  if (goodEnough) return process.execPath
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const prefix = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
  const name = `${prefix}-${platform}-${process.arch}`
  return installTool(
    `${name}@${NODE_WANTED}`,
    join('node_modules', name, 'bin', platform === 'win' ? 'node.exe' : 'node'),
  )
}

/** Installs one npm package under .tools/ without running its scripts; a half-finished install never becomes visible. */
function installTool(spec, file) {
  const home = join(tools, spec.replaceAll('/', '+'))
  if (!existsSync(join(home, file))) {
    say(`installing ${spec} into .tools/ (once)`)
    mkdirSync(tools, { recursive: true })
    const scratch = mkdtempSync(join(tools, 'new-'))
    writeFileSync(join(scratch, 'package.json'), '{}')
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
    mustRun('npm', ['install', ...flags, spec], { cwd: scratch }, () =>
      rmSync(scratch, { recursive: true, force: true }),
    )
    rmSync(home, { recursive: true, force: true })
    renameSync(scratch, home)
  }
  return join(home, file)
}

/** .tools/bin/node is what the kafclaw launcher starts without asking this script. */
function linkNode(target) {
  const link = join(tools, 'bin', 'node')
  const chosen = join(tools, 'bin', 'chosen')
  if (existsSync(link) && existsSync(chosen) && readFileSync(chosen, 'utf8') === target) return
  mkdirSync(dirname(link), { recursive: true })
  rmSync(link, { force: true })
  symlinkSync(target, link)
  writeFileSync(chosen, target)
}

function installPackages() {
  const wanted = createHash('sha256')
    .update(NODE_WANTED)
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const pnpm = installTool(`pnpm@${PNPM_WANTED}`, join('node_modules', '.bin', 'pnpm'))
  say('installing packages with pnpm (lockfile is new)')
  mustRun(pnpm, ['install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=warn'], {
    cwd: root,
    env: environment(),
  })
  writeFileSync(stamp, wanted)
}

function environment() {
  const pnpmBin = join(tools, `pnpm@${PNPM_WANTED}`, 'node_modules', '.bin')
  const path = [join(tools, 'bin'), join(root, 'node_modules', '.bin'), pnpmBin, process.env.PATH].join(delimiter)
  return { ...process.env, PATH: path, DO_NOT_TRACK: '1', TURBO_TELEMETRY_DISABLED: '1' }
}

function mustRun(command, args, options, onFailure = () => {}) {
  const result = spawnSync(command, args, { ...options, stdio: ['ignore', 2, 2] })
  if (result.status === 0) return
  onFailure()
  say(
    `${command} ${args[0]} failed${result.error ? `: ${result.error.message}` : ` (exit ${result.status ?? result.signal})`}`,
  )
  process.exit(1)
}

/** Becomes the command where Node can (execve), else passes signals and the exit code on. */
function run([command, ...args]) {
  if (!command) return
  const file = command === 'node' ? node : command
  const child = spawn(file, args, { env: environment(), stdio: 'inherit' })
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

function say(text) {
  process.stderr.write(`kafclaw: ${text}\n`)
}
