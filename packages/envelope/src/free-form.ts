import { findWrittenProblem } from './json-text.ts'

const FEW = 100

/**
 * Whether a free-form value is so plain that it cannot break what readers bound (depth, members, numbers, names); false also
 * when that is merely not obvious: then its bytes are scanned. Most outputs of models and tools are plain.
 */
export function isClearlySmall(value: unknown): boolean {
  return valuesIn(value, 0) <= FEW
}

/**
 * Whether a record can hold a free-form value, whose JSON is `text`: readers take its depth, its members, its numbers and its
 * names, with those of the record around it.
 */
export function fitsIntoRecord(value: unknown, text: string): boolean {
  return isClearlySmall(value) || findWrittenProblem(Buffer.from(`[[${text}${AROUND}]]`)) === null
}

/** As deep as a payload lies, and more members than a record has beside its free-form ones. */
const AROUND = ',0'.repeat(FEW)

/** How many values it holds, itself included; more than FEW where something is not plain. */
function valuesIn(value: unknown, depth: number): number {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return 1
  if (typeof value === 'number') return Number.isSafeInteger(value) || value % 1 !== 0 ? 1 : FEW + 1
  if (typeof value !== 'object' || depth > 4 || 'toJSON' in value) return FEW + 1
  let count = 1
  for (const [key, member] of Object.entries(value)) {
    count += key === '__proto__' ? FEW : valuesIn(member, depth + 1)
    if (count > FEW) break
  }
  return count
}
