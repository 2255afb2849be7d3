import { AppError, ERRORS, isErrorCode } from '@kafclaw/envelope'
import { EXIT, toExitCode } from '../../packages/runtime/src/exit-codes.ts'

/** What each exit code means; the key is its name in the code. */
const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done',
  notGood: 'it ran, but the outcome is not good',
  usage: 'the command or a setting is wrong',
  unreachable: 'Kafka cannot be reached',
  notAllowed: 'not authenticated, or not authorised',
  timedOut: 'the waiting timed out; the work goes on',
  replaced: 'a newer boot of the same agent has taken over',
  interrupted: 'interrupted',
}

const INTRODUCTION = `# Errors

<!-- Made from packages/envelope/src/errors.ts by \`npm run docs\`; \`npm run check\` compares the two. -->

Every error that KafClaw reports has one of these codes: on the wire in \`error.code\` of a response and in the header
\`kc_dlq_code\` of a dead letter, in logs, in HTTP answers, and in the messages of the command line. A message next to the
code says what happened this time. *Again* means that the same call may succeed later without anybody changing anything.

| code | again | HTTP | exit | what happened and what to do |
|---|---|---|---|---|
`

/** The text of docs/errors.md. */
export function errorPage(): string {
  const rows = Object.keys(ERRORS)
    .filter(isErrorCode)
    .map((code) => {
      const { retryable, httpStatus, publicMessage } = ERRORS[code]
      const exit = toExitCode(new AppError(code, ''))
      const cells = [`\`${code}\``, retryable ? 'yes' : 'no', httpStatus, exit, publicMessage.replaceAll('|', '\\|')]
      return `| ${cells.join(' | ')} |\n`
    })
  const exits = Object.entries(EXIT_MEANINGS).map(([name, meaning]) => `- ${exitCode(name)}: ${meaning}\n`)
  return `${INTRODUCTION}${rows.join('')}\n## Exit codes\n\nOf every program of KafClaw:\n\n${exits.join('')}`
}

function exitCode(name: string): number | undefined {
  return Object.entries(EXIT).find(([known]) => known === name)?.[1]
}
