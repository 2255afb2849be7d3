import { hash } from 'node:crypto'
import { existsSync, globSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'

const root = dirname(dirname(import.meta.dirname))

/** Licences that ask for no more than that they are named. */
const PERMISSIVE = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
  'Zlib',
]

/** SHA-256 of https://www.apache.org/licenses/LICENSE-2.0.txt */
const APACHE_TEXT = 'cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30'

interface Manifest {
  name: string
  license?: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

const OWN = globSync('{apps,packages}/*', { cwd: root })
  .concat('scripts', '.')
  .map((folder) => join(root, folder))
  .filter((folder) => existsSync(join(folder, 'package.json')))

/** Where a package finds another: in its own node_modules, or in one of a folder above it. */
function findPackage(from: string, name: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate)
    if (folder === dirname(folder)) return null
  }
}

/** Everything that an app needs to run, by folder: what is bundled, and what lies beside the bundle. */
function shippedWith(folder: string, found = new Map<string, Manifest>()): Map<string, Manifest> {
  const { dependencies = {}, optionalDependencies = {} } = manifestOf(folder)
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const target = findPackage(folder, name)
    if (target === null) {
      if (!(name in optionalDependencies)) throw new Error(`${name} of ${folder} is not installed`)
      continue
    }
    if (found.has(target)) continue
    found.set(target, manifestOf(target))
    shippedWith(target, found)
  }
  return found
}

/** `(MIT OR GPL-2.0)` leaves the choice to us, `MIT AND ISC` does not. */
function isPermissive(license: string | undefined): boolean {
  if (!license) return false
  const choices = license.replace(/[()]/g, '').split(' OR ')
  return choices.some((choice) => choice.split(' AND ').every((one) => PERMISSIVE.includes(one)))
}

it('the licence is the text of Apache-2.0, word by word', () => {
  expect(hash('sha256', readFileSync(join(root, 'LICENSE')), 'hex')).toBe(APACHE_TEXT)
})

it('every part of the repository is under Apache-2.0, without a licence of its own', () => {
  expect(OWN.length).toBeGreaterThan(15)
  for (const folder of OWN) expect([folder, manifestOf(folder).license]).toEqual([folder, 'Apache-2.0'])
  const texts = globSync('{apps,packages,scripts,deploy,docs}/**/{LICEN[CS]E,COPYING,NOTICE}*', {
    cwd: root,
    exclude: ['**/node_modules/**', '**/dist/**'],
  })
  expect(texts).toEqual([])
})

it('every package that is shipped with an app has a permissive licence', () => {
  const shipped = new Map<string, Manifest>()
  for (const app of globSync('apps/*', { cwd: root })) shippedWith(join(root, app), shipped)
  const names = [...shipped.values()].map(({ name }) => name)
  // Proof that the walk has reached what it must: the wire, the database, and what they need themselves.
  for (const name of ['kafkajs', 'better-sqlite3', 'fastify', 'fast-uri']) expect(names).toContain(name)
  const others = [...shipped.values()].filter(({ license }) => !isPermissive(license))
  expect(others.map(({ name, license }) => `${name}: ${license}`)).toEqual([])
})

it.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0)', true],
  ['MIT AND GPL-3.0', false],
  ['BUSL-1.1', false],
  ['SEE LICENSE IN LICENSE.md', false],
  [undefined, false],
])('tells the licence %s: permissive %s', (license, expected) => {
  expect(isPermissive(license)).toBe(expected)
})
