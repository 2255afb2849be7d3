import { Build } from 'typebox/schema'
import { CHECK_NAMES, type CheckName, schemaOf } from './check-name.ts'
import { useTimestamps } from './check-timestamps.ts'
import { isTimestamp } from './timestamp.ts'

/**
 * The source of a module that stands for `check-function.ts` in a bundle: the same functions as code, so that no process has to
 * compile them at its start.
 */
export function checkModule(): string {
  useTimestamps()
  return `import { textTest } from './text-test.ts'
import { isTimestamp } from './timestamp.ts'
const checks = {
${CHECK_NAMES.map((name) => `${JSON.stringify(name)}: () => {\n${codeOf(name)}\n}`).join(',\n')}
}
export function checkFunction(name) { return checks[name]() }
`
}

function codeOf(name: CheckName): string {
  const built = Build(schemaOf(name))
  if (built.UseUnevaluated()) throw new Error(`the check "${name}" needs more of typebox than its code`)
  const { identifier, variables } = built.External()
  const values = variables.map((value) => literal(value, name)).join(', ')
  return `const ${identifier} = [${values}];\n${built.Functions().join(';\n')};\nreturn (value) => ${built.Entry()}`
}

/** What a check refers to beside the value: patterns, and the one format that we have. */
function literal(value: unknown, name: CheckName): string {
  if (value instanceof RegExp) {
    return `textTest(new RegExp(${JSON.stringify(value.source)}, ${JSON.stringify(value.flags)}))`
  }
  if (value === isTimestamp) return 'isTimestamp'
  throw new Error(`the check "${name}" refers to something that cannot be written as code: ${String(value)}`)
}
