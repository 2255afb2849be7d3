/** The part of a recalled item, or of a citation, that the offline model reads out of a tool result. */
export interface RecalledSource {
  readonly itemId: string
  readonly title: string
  readonly content: string
  readonly author: string
  readonly place: string
}

/** Reads items or citations leniently: what has no id is left out, because it could not be cited. */
export function parseSources(list: unknown): RecalledSource[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return []
    const fields = new Map<string, unknown>(Object.entries(entry))
    const itemId = text(fields.get('item_id'))
    if (itemId === '') return []
    const place = ['topic', 'partition', 'offset'].map((name) => text(fields.get(name))).join('/')
    return [
      {
        itemId,
        title: text(fields.get('title')),
        content: text(fields.get('content')),
        author: text(fields.get('author')),
        place,
      },
    ]
  })
}

/** The line that names a source so that a person can look it up. */
export function formatSource(source: RecalledSource, number: number): string {
  return `[${number}] memory ${source.itemId} at ${source.place} by ${source.author || 'anonymous'}`
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
