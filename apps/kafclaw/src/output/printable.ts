/** C0 and C1 control characters but tab and line feed, and marks that turn the direction of writing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/** Text of others made safe to show: what could steer a terminal or turn the line around is replaced. */
export function printable(text: string): string {
  return text.replace(UNSAFE, '\ufffd')
}

/** The same in one line. */
export function oneLine(text: string): string {
  return printable(text.replace(/\s+/g, ' ').trim())
}
