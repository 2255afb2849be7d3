import { Build } from 'typebox/schema'
import { type CheckName, schemaOf } from './check-name.ts'
import { textTest } from './text-test.ts'

export type IsValid = (value: unknown) => boolean

/** Compiles a check, which takes milliseconds. In a bundle `check-module.ts` has done it before. */
export function checkFunction(name: CheckName): IsValid {
  const built = Build(schemaOf(name))
  const { variables } = built.External()
  for (const [index, value] of variables.entries()) if (value instanceof RegExp) variables[index] = textTest(value)
  const check = built.Evaluate()
  return (value) => check.Check(value)
}
