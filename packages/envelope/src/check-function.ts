import { Build } from 'typebox/schema'
import { type CheckName, schemaOf } from './check-name.ts'

export type IsValid = (value: unknown) => boolean

/** Compiles a check, which takes milliseconds. In a bundle `check-module.ts` has done it before. */
export function checkFunction(name: CheckName): IsValid {
  const check = Build(schemaOf(name)).Evaluate()
  return (value) => check.Check(value)
}
