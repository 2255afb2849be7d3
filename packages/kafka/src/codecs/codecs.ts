import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { decompressLz4Frame } from './lz4-frame.ts'
import { decompressSnappy } from './snappy.ts'

/** Codec numbers in the attributes of a record batch. */
export const CODECS = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const

/** A megabyte of a hostile producer can unfold to gigabytes; no batch of honest records comes near this. */
export const LARGEST_UNFOLDED_BYTES = 64 * 1024 * 1024

/** Unfolds the records section of a batch; throws on an unknown codec, broken bytes, or more than 64 MiB. */
export function decompress(codec: number, bytes: Buffer): Buffer {
  switch (codec) {
    case CODECS.none:
      return bytes
    case CODECS.gzip:
      return gunzipSync(bytes, { maxOutputLength: LARGEST_UNFOLDED_BYTES })
    case CODECS.snappy:
      return decompressSnappy(bytes, LARGEST_UNFOLDED_BYTES)
    case CODECS.lz4:
      return decompressLz4Frame(bytes, LARGEST_UNFOLDED_BYTES)
    case CODECS.zstd:
      return zstdDecompressSync(bytes, { maxOutputLength: LARGEST_UNFOLDED_BYTES })
    default:
      throw new RangeError(`unknown compression codec ${codec}`)
  }
}
