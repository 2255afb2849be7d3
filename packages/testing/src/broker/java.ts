import { runCommand } from './command.ts'
import { JAVA_LEAST } from './version.ts'

export type JavaFound = { found: true; command: string; version: string } | { found: false; reason: string }

/** Looks for a Java that can run Kafka. `version` is the whole text of `java -version`: it names the very build. */
export async function findJava(command: string): Promise<JavaFound> {
  const { code, output } = await runCommand(command, ['-version'])
  if (code !== 0) return { found: false, reason: `Java was not found (tried: ${command})` }
  // "1.8.0_402" was Java 8; from 9 on the first number is the release.
  const release = Number(/version "(?:1\.)?(\d+)/.exec(output)?.[1] ?? 0)
  if (release < JAVA_LEAST) return { found: false, reason: `Java ${release} is too old, Kafka needs ${JAVA_LEAST}` }
  return { found: true, command, version: output }
}
