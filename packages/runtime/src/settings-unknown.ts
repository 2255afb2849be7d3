import { listSettings, type Variables } from './settings-table.ts'

/** One sentence for each variable that looks like a setting and is none, with the name that was probably meant. */
export function findUnknownVariables(env: Variables): string[] {
  const settings = listSettings().map(([, setting]) => setting)
  const known = new Set<string>(settings.map(({ variable }) => variable))
  const files = new Set<string>(settings.filter(({ isSecret }) => isSecret).map(({ variable }) => `${variable}_FILE`))
  const warnings: string[] = []
  for (const variable of Object.keys(env).toSorted()) {
    if (!variable.startsWith('KAFCLAW_') || known.has(variable) || files.has(variable) || isForOthers(variable))
      continue
    const base = variable.replace(/_FILE$/, '')
    if (known.has(base)) warnings.push(`${variable} has no effect: only secrets can stand in a file, so set ${base}`)
    else warnings.push(`${variable} has no effect: there is no such setting${suggest(variable, [...known, ...files])}`)
  }
  return warnings
}

/**
 * Variables that are not meant for us: those of the tests, and those that Kubernetes sets in every container for
 * a Service whose name begins with kafclaw (KAFCLAW_GATEWAY_SERVICE_HOST, KAFCLAW_GATEWAY_PORT_80_TCP_ADDR).
 */
function isForOthers(variable: string): boolean {
  return /^KAFCLAW_TEST_/.test(variable) || /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_\w+)?)$/.test(variable)
}

function suggest(variable: string, known: readonly string[]): string {
  const [nearest] = known
    .map((name) => ({ name, edits: countEdits(variable, name) }))
    .toSorted((a, b) => a.edits - b.edits)
  return nearest && nearest.edits <= 4 ? `; did you mean ${nearest.name}?` : ''
}

/** Levenshtein distance, row by row. */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1]
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
