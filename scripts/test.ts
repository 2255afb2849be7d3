// Builds the apps and runs every test, those on a real Kafka included; the last line has the counts.
//   node scripts/test.ts [FILTER…]     filters are passed on to vitest; with them the log contract is not compared
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { findEngine, KAFKA_VERSION, readBrokerSettings } from '@kafclaw/testing/broker'
import { compareLogContracts } from './test/log-contract.ts'
import { countTests, type TestReport } from './test/test-report.ts'

const root = dirname(import.meta.dirname)
const filters = process.argv.slice(2)
const isCi = process.env.CI === 'true'

const problems: string[] = []
const built = spawnSync(process.execPath, ['scripts/build.ts'], { cwd: root, stdio: 'inherit' })
if (built.status !== 0) problems.push('the apps could not be built')

const kafka = await findKafka()
const report = runTests(kafka !== null)
const counts = countTests(report)
if (filters.length === 0) {
  const contract = compareLogContracts(report, kafka)
  process.stdout.write(`${contract.line}\n`)
  if (!contract.ok) problems.push('the two forms of the log did not pass the same tests')
}
for (const problem of problems) process.stdout.write(`FAILED: ${problem}\n`)
const failed = counts.failed + problems.length
process.stdout.write(`tests: ${counts.passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1

/** The name of the Kafka that the tests will use; null when there is none, which is said loudly. */
async function findKafka(): Promise<string | null> {
  const settings = readBrokerSettings()
  if (settings.namedBrokers.length > 0) return 'Apache Kafka as named in KAFCLAW_KAFKA_BROKERS'
  const engine = await findEngine(settings)
  if (engine.found) return `Apache Kafka ${KAFKA_VERSION}`
  const missing = engine.reasons.map((reason) => `  - ${reason}`).join('\n')
  const help = 'name brokers in KAFCLAW_KAFKA_BROKERS, or install Java 17 and Maven, or start Docker'
  process.stdout.write(`\n!!! THE TESTS ON A REAL KAFKA ARE LEFT OUT:\n${missing}\n!!! to run them, ${help}\n\n`)
  if (isCi) problems.push('there is no Kafka for the tests that need one')
  return null
}

function runTests(withKafka: boolean): TestReport {
  const scratch = mkdtempSync(join(tmpdir(), 'kafclaw-report-'))
  const output = join(scratch, 'report.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${output}`]
    const projects = withKafka ? [] : ['--project=!broker']
    spawnSync('vitest', ['run', '--root', root, ...reporters, ...projects, ...filters], { cwd: root, stdio: 'inherit' })
    if (existsSync(output)) return JSON.parse(readFileSync(output, 'utf8'))
    return { success: false, testResults: [] }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
