import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const folder = join(dirname(dirname(import.meta.dirname)), 'packages/envelope/test/golden/valid')

/** Text of each valid golden record by name; they are the examples of the schemas and of docs/wire.md. */
export function readGoldenRecords(): Map<string, string> {
  return new Map(
    globSync('*.json', { cwd: folder })
      .sort()
      .map((file) => [basename(file, '.json'), readFileSync(join(folder, file), 'utf8')]),
  )
}
