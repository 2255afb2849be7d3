import { connect } from 'node:net'

// Metadata request, version 1, no topics, client id absent (https://kafka.apache.org/protocol#The_Messages_Metadata).
const METADATA_REQUEST = Buffer.from('0000000e0003000100000007ffff00000000', 'hex')
const BROKER_COUNT_AT = 8

/**
 * Asks a PLAINTEXT listener for its brokers; true when it names at least that many.
 * An open port is not enough: the socket server is up before the broker has registered itself.
 */
export function answersMetadata(port: number, brokers = 1): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1')
  let answer = Buffer.alloc(0)
  const end = (ready: boolean) => {
    socket.destroy()
    resolve(ready)
  }
  socket.setTimeout(2000, () => end(false))
  socket.on('error', () => end(false))
  socket.on('close', () => end(false))
  socket.on('connect', () => socket.write(METADATA_REQUEST))
  socket.on('data', (chunk) => {
    answer = Buffer.concat([answer, chunk])
    if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return
    end(answer.length >= BROKER_COUNT_AT + 4 && answer.readInt32BE(BROKER_COUNT_AT) >= brokers)
  })
  return promise
}
