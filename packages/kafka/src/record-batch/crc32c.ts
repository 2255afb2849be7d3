// Castagnoli polynomial, reflected, as the record batch of KIP-98 asks for; Node's zlib has only the other CRC-32.
const POLYNOMIAL = 0x82f63b78

const TABLES = createTables()

function createTables(): Int32Array[] {
  const first = new Int32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1
    first[byte] = value
  }
  const tables = [first]
  for (let slice = 1; slice < 4; slice++) {
    const before = tables[slice - 1] ?? first
    tables.push(before.map((value) => (value >>> 8) ^ at(first, value & 0xff)))
  }
  return tables
}

function at(table: Int32Array, index: number): number {
  return table[index] ?? 0
}

const [T0 = new Int32Array(256), T1 = T0, T2 = T0, T3 = T0] = TABLES

/** CRC-32C of `bytes` from `from` on, as an unsigned number. Four bytes a step: every record written and read passes here. */
export function crc32c(bytes: Buffer, from = 0): number {
  let crc = -1
  let index = from
  const last = bytes.length - 3
  for (; index < last; index += 4) {
    crc ^= at4(bytes, index)
    crc = at(T3, crc & 0xff) ^ at(T2, (crc >>> 8) & 0xff) ^ at(T1, (crc >>> 16) & 0xff) ^ at(T0, crc >>> 24)
  }
  for (; index < bytes.length; index++) crc = (crc >>> 8) ^ at(T0, (crc ^ (bytes[index] ?? 0)) & 0xff)
  return (crc ^ -1) >>> 0
}

function at4(bytes: Buffer, index: number): number {
  return bytes.readInt32LE(index)
}
