const OTHER_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  '',
  'x',
  'agent-a',
  'completed',
  'claimed',
  'task_1',
  'two words',
  '2026-11-23T10:00:00.000Z',
  '2026-02-30T10:00:00.000Z',
  'a/1/2',
  [],
  [null],
  {},
  { topic: 'group.acme.requests', partition: 0, offset: 0 },
  { item_id: 'i' },
]

/** A copy of a JSON value with one to three places changed: a member replaced, removed, added or renamed. */
export function mutateJson(value: unknown, nextNumber: () => number): unknown {
  const copy: unknown = structuredClone(value)
  for (let left = 1 + (nextNumber() % 3); left > 0; left--) mutateOnce(copy, nextNumber)
  return copy
}

function mutateOnce(root: unknown, nextNumber: () => number): void {
  const objects = containers(root)
  const target = objects[nextNumber() % Math.max(objects.length, 1)]
  if (!target) return
  const keys = Object.keys(target)
  const key = keys[nextNumber() % Math.max(keys.length, 1)] ?? 'extra'
  const other = structuredClone(OTHER_VALUES[nextNumber() % OTHER_VALUES.length])
  switch (nextNumber() % 4) {
    case 0:
      // JSON has no holes in arrays.
      if (Array.isArray(target)) target.splice(Number(key) || 0, 1)
      else Reflect.deleteProperty(target, key)
      break
    case 1:
      if (Array.isArray(target)) target.push(other)
      else Reflect.set(target, `${key}_x`, other)
      break
    default:
      Reflect.set(target, Array.isArray(target) && keys.length === 0 ? '0' : key, other)
  }
}

function containers(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return []
  return [value, ...Object.values(value).flatMap(containers)]
}

/** Bytes with some of them changed, cut out, doubled or replaced by what parsers stumble over. */
export function mutateBytes(bytes: Buffer, nextNumber: () => number): Buffer {
  let mutated = Buffer.from(bytes)
  for (let left = 1 + (nextNumber() % 4); left > 0; left--) {
    const at = nextNumber() % (mutated.length + 1)
    const end = Math.min(mutated.length, at + (nextNumber() % 12))
    const insert = INSERTS[nextNumber() % INSERTS.length] ?? Buffer.alloc(0)
    switch (nextNumber() % 4) {
      case 0:
        if (at < mutated.length) mutated[at] = nextNumber() & 0xff
        break
      case 1:
        mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(end)])
        break
      case 2:
        mutated = Buffer.concat([mutated.subarray(0, end), mutated.subarray(at)])
        break
      default:
        mutated = Buffer.concat([mutated.subarray(0, at), insert, mutated.subarray(at)])
    }
  }
  return mutated
}

const INSERTS: readonly Buffer[] = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '"__proto__":{},',
  '"type":"request",',
  '1e999',
  '9007199254740993',
  '-',
  'null',
  '\u0000',
  '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[',
  '\ufeff',
]
  .map((text) => Buffer.from(text))
  .concat([Buffer.from([0xc3]), Buffer.from([0xff, 0xfe]), Buffer.from([0xed, 0xa0, 0x80])])
