import type { RecordNode, TreeLink } from './record-tree.ts'

const INDENT = '  '

/** What a reader should know about how a record hangs in the tree; nothing where it hangs below its cause. */
const MARKS: Partial<Record<TreeLink, string>> = {
  citation: '[cited] ',
  orphan: '[its cause is missing] ',
  cycle: '[among its own causes] ',
}

/** One record a line, `type  sender -> recipient  topic:partition:offset  summary`; two spaces more for each level. */
export function renderTree(tree: readonly RecordNode[]): string[] {
  const lines: string[] = []
  // A stack of our own: a hostile chain of causes may be deeper than the call stack.
  const waiting = tree.map((node) => ({ node, depth: 0 })).reverse()
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { node, depth } = next
    lines.push(INDENT.repeat(depth) + renderRecord(node))
    for (const child of node.children.toReversed()) waiting.push({ node: child, depth: depth + 1 })
  }
  return lines
}

function renderRecord(node: RecordNode): string {
  const who = `${node.sender_id ?? 'unknown'} -> ${node.recipient_id ?? '*'}`
  const place = `${node.topic}:${node.partition}:${node.offset}`
  const fields = [node.type ?? 'unreadable', who, place, `${MARKS[node.link] ?? ''}${node.summary}`]
  return fields.map(printable).join('  ').trimEnd()
}

/** Records come from anybody: nothing in them may move the cursor, break the line or turn the direction of writing. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
}
