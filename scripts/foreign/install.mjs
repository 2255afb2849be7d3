#!/usr/bin/env node
// Brings what the examples in docs/examples need: Python with kafka-python, the Go programs built, kcat and jq.
// Everything lies under .tools/foreign/ of this checkout, except what only the package manager of the system can bring.
//   node scripts/foreign/install.mjs [python|go|shell ...]     all when none is named; safe to run twice, also at once
// Prints one JSON object: {"python": {"ok": true, "program": "..."}, "go": {"ok": true, "folder": "..."}, "shell": {"ok": false, "reason": "..."}}
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withLock } from '../set-up-lock.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const home = join(root, '.tools', 'foreign')
const examples = join(root, 'docs', 'examples')

fs.mkdirSync(home, { recursive: true })
const INSTALLS = { python: installPython, go: buildGo, shell: installShell }
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(INSTALLS)
const found = withLock(join(home, 'lock'), say, () =>
  Object.fromEntries(wanted.map((name) => [name, attempt(INSTALLS[name])])),
)
process.stdout.write(`${JSON.stringify(found)}\n`)

/** One that is missing must not keep the others from being installed. */
function attempt(install) {
  try {
    return { ok: true, ...install() }
  } catch (error) {
    return { ok: false, reason: error.message }
  }
}

/** A virtual environment with the packages of the example. */
function installPython() {
  const requirements = join(examples, 'python', 'requirements.txt')
  const folder = join(home, 'python')
  const program = join(folder, 'bin', 'python')
  ensure(folder, [requirements], () => {
    if (!runs('python3', ['-c', 'import ensurepip'])) aptInstall(['python3', 'python3-venv'], 'Python 3 with venv')
    // Not in a scratch folder: a virtual environment knows its own path.
    mustRun('python3', ['-m', 'venv', '--clear', folder])
    mustRun(program, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements])
  })
  return { program }
}

function buildGo() {
  const source = join(examples, 'go')
  const folder = join(home, 'go')
  const files = fs.globSync('**/*.{go,mod,sum}', { cwd: source }).map((file) => join(source, file))
  ensure(folder, files.sort(), () => {
    if (!runs('go', ['version'])) throw new Error('Go is not installed: https://go.dev/dl')
    fs.mkdirSync(folder, { recursive: true })
    mustRun('go', ['build', '-o', `${folder}/`, './serve', './ask'], { cwd: source })
  })
  return { folder }
}

function installShell() {
  const missing = ['kcat', 'jq'].filter((program) => !runs(program, program === 'kcat' ? ['-V'] : ['--version']))
  if (missing.length > 0) aptInstall(missing, missing.join(' and '))
  return {}
}

/** Only root on a system with apt may be given packages; anybody else is told what to install. */
function aptInstall(packages, what) {
  if (process.getuid?.() !== 0 || !runs('apt-get', ['--version'])) {
    throw new Error(`${what} is not installed; install ${packages.join(' ')}`)
  }
  say(`installing ${packages.join(' ')} with apt-get`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  mustRun('apt-get', ['update', '-q'], { env })
  mustRun('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], { env })
}

/** Makes the folder anew when the files that it comes from are not those of the last time. */
function ensure(folder, files, make) {
  const stamp = join(folder, '.made-from')
  const hash = createHash('sha256').update(folder)
  for (const file of files) hash.update(fs.readFileSync(file))
  const wanted = hash.digest('hex')
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return
  fs.rmSync(folder, { recursive: true, force: true })
  say(`making ${folder}`)
  make()
  fs.writeFileSync(stamp, wanted)
}

function runs(program, args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0
}

/** stdout belongs to the answer; what a program says is shown only when it fails. */
function mustRun(program, args, options = {}) {
  const result = spawnSync(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })
  if (result.status === 0) return
  const said = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim().slice(-2000)
  throw new Error(`${program} ${args.join(' ')} failed: ${result.error?.message ?? said}`)
}

function say(text) {
  process.stderr.write(`kafclaw: ${text}\n`)
}
