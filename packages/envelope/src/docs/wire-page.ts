const blockRegExp = /^```json golden:(\S+)\n([\s\S]*?)\n```$/gm
const anyJsonRegExp = /^```json[^\n]*$/gm

/** What is wrong with the examples of docs/wire.md: each JSON block must be, letter by letter, the golden record it names. */
export function findWireDocProblems(markdown: string, golden: ReadonlyMap<string, string>): string[] {
  const blocks = [...markdown.matchAll(blockRegExp)]
  const problems = blocks.flatMap(([, name = '', text = '']) => {
    const expected = golden.get(name)
    if (expected === undefined) return [`docs/wire.md names a golden record that is not there: ${name}`]
    return text.trim() === expected.trim() ? [] : [`docs/wire.md: the example ${name} differs from its golden record`]
  })
  const untagged = [...markdown.matchAll(anyJsonRegExp)].length - blocks.length
  return untagged === 0
    ? problems
    : [...problems, `docs/wire.md has ${untagged} JSON examples that are no golden record`]
}
