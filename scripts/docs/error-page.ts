import { ERRORS } from '@kafclaw/envelope'

const INTRODUCTION = `# Errors

<!-- Made from packages/envelope/src/errors.ts by \`npm run docs\`; \`npm run check\` compares the two. -->

Every error that KafClaw reports has one of these codes: on the wire in \`error.code\` of a response and in the header
\`kc_dlq_code\` of a dead letter, in logs, in HTTP answers, and in the messages of the command line. A message next to the
code says what happened this time. *Again* means that the same call may succeed later without anybody changing anything.

| code | again | HTTP | what happened and what to do |
|---|---|---|---|
`

/** The text of docs/errors.md. */
export function errorPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { retryable, httpStatus, publicMessage }]) =>
      `| \`${code}\` | ${retryable ? 'yes' : 'no'} | ${httpStatus} | ${publicMessage.replaceAll('|', '\\|')} |\n`,
  )
  return INTRODUCTION + rows.join('')
}
