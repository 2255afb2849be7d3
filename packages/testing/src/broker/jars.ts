import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { runCommand } from './command.ts'
import { KAFKA_VERSION } from './version.ts'

export type JarsFound = { found: true; folder: string; classPath: string } | { found: false; reason: string }

// log4j2 is what Kafka logs through since 4.0; the broker's own artifact leaves the binding to whoever runs it.
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>kafka-jars</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.5</version></dependency>
</dependencies></project>
`

/** The jars of Apache Kafka in `cacheDir`, fetched by Maven (45 files, 43 MB) when they are not there yet. */
export async function kafkaJars(cacheDir: string): Promise<JarsFound> {
  const folder = join(cacheDir, `kafka-${KAFKA_VERSION}`, 'libs')
  if (!existsSync(folder)) {
    const problem = await fetchJars(folder)
    if (problem) return { found: false, reason: problem }
  }
  return { found: true, folder, classPath: globSync(join(folder, '*.jar')).sort().join(delimiter) }
}

/** Fills a scratch folder and renames it, so that two first runs at once are safe and half a download is never used. */
async function fetchJars(folder: string): Promise<string | null> {
  const parent = dirname(folder)
  mkdirSync(parent, { recursive: true })
  const scratch = mkdtempSync(join(parent, 'new-'))
  try {
    writeFileSync(join(scratch, 'pom.xml'), POM)
    const goal = [
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${join(scratch, 'libs')}`,
    ]
    const { code, output } = await runCommand('mvn', ['-B', '-ntp', '-q', ...goal], { cwd: scratch })
    if (code === null) return 'Maven (mvn) was not found; it fetches the jars of Apache Kafka'
    if (code !== 0) return `Maven could not fetch Apache Kafka ${KAFKA_VERSION}: ${output.trim().slice(-500)}`
    publishFolder(join(scratch, 'libs'), folder)
    return null
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function publishFolder(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    // Another run was faster; its folder is as good as ours.
    if (!existsSync(to)) throw error
  }
}
