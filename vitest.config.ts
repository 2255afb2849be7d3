import { existsSync, globSync } from 'node:fs'
import { basename } from 'node:path'
import { defineConfig } from 'vitest/config'

// Packages export their TypeScript under this condition, so that tests never need a build.
const conditions = ['@kafclaw/source', 'node', 'import', 'module', 'default']

const source = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  // The environment in which vitest itself loads files such as a globalSetup.
  environments: { __vitest__: { resolve: { conditions, externalConditions: conditions } } },
}

const units = globSync('{apps,packages}/*')
  .filter((folder) => existsSync(`${folder}/package.json`))
  .map((folder) => ({
    ...source,
    test: {
      name: basename(folder),
      root: folder,
      include: ['{src,test}/**/*.test.ts'],
      exclude: ['**/node_modules/**', '**/dist/**', '**/*.broker.test.ts', 'test/simulation/**'],
      testTimeout: 20_000,
      hookTimeout: 30_000,
      pool: 'forks' as const,
      sequence: { groupOrder: 1 },
    },
  }))

/** A whole group on a virtual clock; it takes every core for itself. */
const simulation = {
  ...source,
  test: {
    name: 'simulation',
    root: 'apps/kafclaw',
    include: ['test/simulation/**/*.test.ts'],
    pool: 'forks' as const,
    maxWorkers: 1,
    sequence: { groupOrder: 2 },
  },
}

const scripts = {
  ...source,
  test: {
    name: 'scripts',
    root: 'scripts',
    include: ['**/*.test.{ts,mjs}'],
    exclude: ['**/node_modules/**', '**/*.broker.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks' as const,
    sequence: { groupOrder: 3 },
  },
}

/** What stands in docs/examples as TypeScript; the other languages are tried from scripts/foreign. */
const examples = {
  ...source,
  test: {
    name: 'examples',
    root: 'docs/examples/typescript',
    include: ['test/**/*.test.ts'],
    pool: 'forks' as const,
    sequence: { groupOrder: 3 },
  },
}

/** Tests on a real Kafka share one broker, whose start is slow, and the machine: two files at a time. */
const broker = {
  ...source,
  test: {
    name: 'broker',
    root: '.',
    include: ['{apps,packages}/*/{src,test}/**/*.broker.test.ts', 'scripts/**/*.broker.test.ts'],
    globalSetup: ['packages/testing/src/vitest/broker-setup.ts'],
    testTimeout: 90_000,
    hookTimeout: 120_000,
    pool: 'forks' as const,
    maxWorkers: 2,
    sequence: { groupOrder: 4 },
  },
}

export default defineConfig({ test: { projects: [...units, simulation, scripts, examples, broker] } })
