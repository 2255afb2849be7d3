/**
 * An input shape as readers get it: what was optional is there, with its default or null.
 * Values of any JSON (`unknown`) stay as they are.
 */
export type Filled<T> = unknown extends T
  ? unknown
  : T extends readonly (infer Item)[]
    ? Filled<Item>[]
    : T extends object
      ? { [Key in keyof T]-?: Filled<Exclude<T[Key], undefined>> }
      : T
