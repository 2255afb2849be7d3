import type { Readable, Writable } from 'node:stream'

/** A stream that may be a terminal. */
type MaybeTerminal<S> = S & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }

/** What a command has of the process it runs in. */
export interface Io {
  /** Without the program itself. */
  readonly argv: readonly string[]
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly stdin: MaybeTerminal<Readable>
  /** Data, and nothing else. */
  readonly stdout: MaybeTerminal<Writable>
  /** Everything for people that is no data: progress, notes, errors. */
  readonly stderr: MaybeTerminal<Writable>
}
