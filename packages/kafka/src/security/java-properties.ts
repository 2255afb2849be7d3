/** Reads Java's .properties format (java.util.Properties.load): comments, continued lines, escapes, `=`, `:` or space. */
export function parseJavaProperties(text: string): Map<string, string> {
  const entries = new Map<string, string>()
  for (const line of logicalLines(text)) {
    const match = /^((?:\\.|[^\\=:\s])*)\s*[=:]?\s*(.*)$/s.exec(line)
    if (match) entries.set(unescapeText(match[1] ?? ''), unescapeText(match[2] ?? ''))
  }
  return entries
}

function logicalLines(text: string): string[] {
  const lines: string[] = []
  let open: string | null = null
  for (const raw of text.split(/\r\n|\n|\r/)) {
    const line = raw.replace(/^[ \t\f]+/, '')
    if (open === null && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue
    const whole: string = (open ?? '') + line
    // An odd number of backslashes at the end continues the line.
    const trailing = /\\*$/.exec(whole)?.[0].length ?? 0
    if (trailing % 2 === 1) {
      open = whole.slice(0, -1)
      continue
    }
    lines.push(whole)
    open = null
  }
  if (open !== null) lines.push(open)
  return lines
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', f: '\f' }

function unescapeText(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|.)/gs, (_all, code: string) => {
    if (code.length === 5) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    return ESCAPES[code] ?? code
  })
}
