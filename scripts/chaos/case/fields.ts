/** Reads the members of an object of a case file one by one; what nobody has asked for in the end is refused. */
export interface Fields {
  text(name: string): string
  textOr<T>(name: string, missing: T): string | T
  numberOr<T>(name: string, missing: T): number | T
  flag(name: string): boolean
  oneOf<T extends string>(name: string, values: readonly T[], missing?: T): T
  /** The objects of a list; none when it is missing. */
  list<T>(name: string, read: (fields: Fields) => T): T[]
  objectOr<T, M>(name: string, read: (fields: Fields) => T, missing: M): T | M
  /** Everything that is left, as it is. */
  rest(): Array<[name: string, value: unknown]>
  end(): void
}

/** `where` says in errors what the object is. */
export function readFields(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${where} is not an object`)
  const members = new Map<string, unknown>(Object.entries(value))

  function take(name: string): unknown {
    const member = members.get(name)
    members.delete(name)
    return member
  }

  function refuse(name: string, wanted: string): never {
    throw new Error(`${where}: "${name}" has to be ${wanted}`)
  }

  function text(name: string): string {
    const member = take(name)
    return typeof member === 'string' ? member : refuse(name, 'a text')
  }

  const nested = <T>(name: string, member: unknown, read: (fields: Fields) => T): T => {
    const fields = readFields(member, `${where}, ${name}`)
    const made = read(fields)
    fields.end()
    return made
  }

  return {
    text,
    textOr: (name, missing) => (members.has(name) ? text(name) : missing),
    numberOr(name, missing) {
      if (!members.has(name)) return missing
      const member = take(name)
      return typeof member === 'number' && member >= 0 ? member : refuse(name, 'a number')
    },
    flag(name) {
      const member = take(name) ?? false
      return typeof member === 'boolean' ? member : refuse(name, 'true or false')
    },
    oneOf(name, values, missing) {
      const member = take(name)
      if (member === undefined && missing !== undefined) return missing
      return values.find((one) => one === member) ?? refuse(name, `one of ${values.join(', ')}`)
    },
    list(name, read) {
      const member = take(name) ?? []
      if (!Array.isArray(member)) return refuse(name, 'a list')
      return member.map((entry, n) => nested(`${name}[${n}]`, entry, read))
    },
    objectOr: (name, read, missing) => (members.has(name) ? nested(name, take(name), read) : missing),
    rest() {
      const left = [...members]
      members.clear()
      return left
    },
    end() {
      if (members.size > 0) throw new Error(`${where}: unknown: ${[...members.keys()].join(', ')}`)
    },
  }
}
