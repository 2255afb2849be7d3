/** Where to listen or whom to reach; `host` without the brackets of an IPv6 address. */
export interface Address {
  host: string
  port: number
}

const ADDRESS = /^(?:\[(?<bracketed>[0-9a-fA-F:.]+)\]|(?<host>[^\s:[\]/@]+)):(?<port>\d{1,5})$/

/** Reads `host:port` or `[ipv6]:port`; null when the text is neither, or the port is above 65535. */
export function readAddress(text: string): Address | null {
  const groups = ADDRESS.exec(text)?.groups
  const host = groups?.bracketed ?? groups?.host
  const port = Number(groups?.port)
  if (host === undefined || port > 65_535) return null
  return { host, port }
}

/** The text form that `readAddress` reads, with brackets around an IPv6 address. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
