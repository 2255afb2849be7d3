/** The examples at the end of a help text: each a command line and what it is for. */
export function examples(lines: ReadonlyArray<readonly [command: string, what: string]>): string {
  const width = Math.max(...lines.map(([command]) => command.length))
  const rows = lines.map(([command, what]) => `  ${what === '' ? command : `${command.padEnd(width)}  # ${what}`}`)
  return `\nExamples:\n${rows.join('\n')}\n`
}
