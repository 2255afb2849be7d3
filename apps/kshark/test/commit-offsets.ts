import { connect, type Socket } from 'node:net'

/** Commits an offset for a group name as a foreign client without membership would; the first one makes the broker create its offsets topic. */
export async function commitOffset(
  broker: string,
  { groupId, topic, partition, offset }: { groupId: string; topic: string; partition: number; offset: number },
): Promise<void> {
  const [host = '', port] = broker.split(':')
  const socket = connect({ host, port: Number(port) })
  try {
    for (let attempt = 0; attempt < 300; attempt++) {
      // FindCoordinator 0, then OffsetCommit 2 with no generation and no member.
      await call(socket, 10, 0, text(groupId))
      const answer = await call(
        socket,
        8,
        2,
        Buffer.concat([
          ...[text(groupId), int32(-1), text(''), int64(-1)],
          ...[int32(1), text(topic), int32(1), int32(partition), int64(offset), text('')],
        ]),
      )
      if (answer.readInt16BE(answer.length - 2) === 0) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error(`the broker does not take offsets for ${groupId}`)
  } finally {
    socket.destroy()
  }
}

function call(socket: Socket, apiKey: number, version: number, body: Buffer): Promise<Buffer> {
  const header = Buffer.concat([int16(apiKey), int16(version), int32(1), text('foreign')])
  socket.write(Buffer.concat([int32(header.length + body.length), header, body]))
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0)
    const onData = (chunk: Buffer) => {
      read = Buffer.concat([read, chunk])
      if (read.length < 4 || read.length < 4 + read.readInt32BE(0)) return
      socket.off('data', onData)
      resolve(read.subarray(8))
    }
    socket.on('data', onData)
    socket.once('error', reject)
  })
}

const text = (value: string): Buffer => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
