import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = dirname(dirname(import.meta.dirname))
const FACT = 'The harbour crane is serviced every ninth Tuesday by Grace.'

let scratch: string
/** What the demo has left: all files of all its services. */
let folder: string

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'kafclaw-red-lines-'))
  const args = ['-C', '@kafclaw/source', join(root, 'apps/kafclaw/src/main.ts')]
  const story = ['demo', '--keep', '--fact', FACT, '--question', 'Who services the harbour crane?']
  const ran = spawnSync(process.execPath, [...args, ...story], {
    env: { ...process.env, TMPDIR: scratch },
    encoding: 'utf8',
  })
  expect(ran).toMatchObject({ status: 0 })
  folder = /all files are in (\S+)/.exec(ran.stderr)?.[1] ?? ''
}, 60_000)

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const files = (pattern: string): string[] => globSync(join(folder, '**', pattern))

/** Rows of a file, by the SQLite of Node and nothing of ours. */
function rowsOf(file: string, sql: string): Array<Record<string, unknown>> {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return db.prepare(sql).all()
  } finally {
    db.close()
  }
}

const textOf = (value: unknown): string => (value instanceof Uint8Array ? Buffer.from(value).toString() : String(value))

it('every value on every topic of the demo is JSON that docs/schemas describes', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const schemas = new Map(
    globSync(join(root, 'docs/schemas/*.json')).map((file) => {
      const schema: AnySchema = JSON.parse(readFileSync(file, 'utf8'))
      return [basename(file, '.json'), ajv.compile(schema)]
    }),
  )
  const records = rowsOf(
    files('log.db')[0] ?? '',
    'SELECT topic, partition, offset, value FROM record WHERE value IS NOT NULL',
  )
  const problems = records.flatMap(({ topic, partition, offset, value }) => {
    const envelope: { type: string } = JSON.parse(textOf(value))
    const validate = schemas.get(envelope.type)
    if (validate?.(envelope)) return []
    return [
      `${topic}/${partition}/${offset}: ${validate ? ajv.errorsText(validate.errors) : `no schema of ${envelope.type}`}`,
    ]
  })
  expect(problems).toEqual([])
  const types = new Set(records.map(({ value }) => JSON.parse(textOf(value)).type))
  for (const type of ['announce', 'memory', 'request', 'response', 'task_status', 'trace', 'zone'])
    expect(types).toContain(type)
})

it('a value with a member that no schema has is found', () => {
  const schema: AnySchema = JSON.parse(readFileSync(join(root, 'docs/schemas/request.json'), 'utf8'))
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema)
  const [record] = rowsOf(files('log.db')[0] ?? '', "SELECT value FROM record WHERE topic LIKE '%.requests' LIMIT 1")
  const request: object = JSON.parse(textOf(record?.value))
  expect(validate(request)).toBe(true)
  expect(validate({ ...request, secret_member: 1 })).toBe(false)
})

it('every file that the services keep is SQLite, or a line of text', () => {
  const kept = files('*.db').map((file) => basename(file))
  for (const name of ['log.db', 'state.db', 'memory.db', 'audit.db']) expect(kept).toContain(name)
  for (const file of files('*.db'))
    expect(['', 'SQLite format 3']).toContain(readFileSync(file).subarray(0, 15).toString())
  const others = globSync(join(folder, '**', '*'), { withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.db(-wal|-shm)?$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
  for (const file of others)
    expect([file, readFileSync(file, 'utf8')]).toEqual([file, expect.stringMatching(/^[\x20-\x7e\n]{0,200}$/)])
})

it('what was remembered is found in log, index and audit by the SQLite of anybody', () => {
  const found = (name: string, sql: string): boolean =>
    files(name).some((file) =>
      rowsOf(file, sql).some((row) => Object.values(row).some((value) => textOf(value).includes(FACT))),
    )
  expect(found('log.db', "SELECT value FROM record WHERE topic LIKE '%.memory.shared'")).toBe(true)
  expect(found('memory.db', 'SELECT content FROM item')).toBe(true)
  expect(found('audit.db', "SELECT value FROM record WHERE topic LIKE '%.memory.shared'")).toBe(true)
})

it('an index is one file in the folder of its agent', () => {
  const indexes = files('memory.db').map((file) => basename(dirname(file)))
  expect(indexes).toEqual(['agent-b-memory'])
})
