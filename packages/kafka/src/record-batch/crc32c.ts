// Castagnoli polynomial, reflected, as the record batch of KIP-98 asks for; Node's zlib has only the other CRC-32.
const POLYNOMIAL = 0x82f63b78

const SLICES = 16

/** One table of 256 for each of the bytes of a step, behind one another. */
const TABLES = createTables()

function createTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256)
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1
    tables[byte] = value
  }
  for (let index = 256; index < tables.length; index++) {
    const value = at(tables, index - 256)
    tables[index] = (value >>> 8) ^ at(tables, value & 0xff)
  }
  return tables
}

function at(table: Int32Array, index: number): number {
  return table[index] ?? 0
}

/** What the four bytes of `word` leave behind when `behind` tables stand for the bytes after them. */
function slice(tables: Int32Array, word: number, behind: number): number {
  return (
    at(tables, (behind + 0x300) | (word & 0xff)) ^
    at(tables, (behind + 0x200) | ((word >>> 8) & 0xff)) ^
    at(tables, (behind + 0x100) | ((word >>> 16) & 0xff)) ^
    at(tables, behind | (word >>> 24))
  )
}

/** CRC-32C of `bytes` from `from` on, as an unsigned number. Sixteen bytes a step: every record written and read passes here. */
export function crc32c(bytes: Buffer, from = 0): number {
  const tables = TABLES
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let crc = -1
  let index = from
  for (const last = bytes.length - SLICES; index <= last; index += SLICES) {
    crc =
      slice(tables, view.getInt32(index, true) ^ crc, 0xc00) ^
      slice(tables, view.getInt32(index + 4, true), 0x800) ^
      slice(tables, view.getInt32(index + 8, true), 0x400) ^
      slice(tables, view.getInt32(index + 12, true), 0)
  }
  for (; index < bytes.length; index++) crc = (crc >>> 8) ^ at(tables, (crc ^ (bytes[index] ?? 0)) & 0xff)
  return (crc ^ -1) >>> 0
}
