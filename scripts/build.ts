// Bundles all apps and notes when that began, so that ./kafclaw knows whether a source is newer.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { appFolders, bundleApp } from './build/bundle-app.ts'

const tools = join(dirname(import.meta.dirname), '.tools')
const scratch = join(tools, `built.${process.pid}`)

mkdirSync(tools, { recursive: true })
// Its time is the one before the first source is read: what is saved during the build is newer.
writeFileSync(scratch, '')
try {
  await Promise.all(appFolders().map(bundleApp))
  renameSync(scratch, join(tools, 'built'))
} catch {
  // esbuild has said what is wrong and where.
  process.exitCode = 1
} finally {
  rmSync(scratch, { force: true })
}
