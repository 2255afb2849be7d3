const METADATA = 3
const FIND_COORDINATOR = 10

/** Cuts a stream into Kafka's frames, each with its size before it. */
export function frames(onFrame: (frame: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0)
      const frame = Buffer.from(rest.subarray(0, end))
      rest = rest.subarray(end)
      onFrame(frame)
    }
  }
}

/** Lets an answer that names brokers name other ports, in place: Metadata from version 3 on, FindCoordinator, both before their flexible versions. */
export function renamePorts(
  frame: Buffer,
  request: { apiKey: number; apiVersion: number },
  portOf: (port: number) => number,
): void {
  if (request.apiKey === METADATA) renameBrokers(frame, portOf)
  else if (request.apiKey === FIND_COORDINATOR) renameCoordinator(frame, request.apiVersion, portOf)
}

/** Size, correlation id, throttle time, then the brokers: node id, host, port, rack. */
function renameBrokers(frame: Buffer, portOf: (port: number) => number): void {
  let at = 16
  for (let left = frame.readInt32BE(12); left > 0; left--) {
    at = renamePort(frame, at + 4, portOf)
    at += 2 + Math.max(0, frame.readInt16BE(at))
  }
}

/** Size, correlation id, from version 1 on a throttle time, error code, from version 1 on its text, node id, host, port. */
function renameCoordinator(frame: Buffer, apiVersion: number, portOf: (port: number) => number): void {
  let at = apiVersion >= 1 ? 12 : 8
  if (frame.readInt16BE(at) !== 0) return
  at += 2
  if (apiVersion >= 1) at += 2 + Math.max(0, frame.readInt16BE(at))
  renamePort(frame, at + 4, portOf)
}

/** A host, which stays, and its port; returns where they end. */
function renamePort(frame: Buffer, hostAt: number, portOf: (port: number) => number): number {
  const portAt = hostAt + 2 + frame.readInt16BE(hostAt)
  frame.writeInt32BE(portOf(frame.readInt32BE(portAt)), portAt)
  return portAt + 4
}

/** Where the error code of the first partition stands in an answer of the versions spoken here. */
const FIRST_TOPIC_AT = { fetch: 4 + 4 + 4 + 2 + 4, produce: 4 + 4 }

/** The answer with another error code for its first partition, which may be made to look like another partition. */
export function withError(frame: Buffer, api: 'fetch' | 'produce', errorCode: number, partition?: number): Buffer {
  const changed = Buffer.from(frame)
  // Count of topics, name, count of partitions, partition.
  const nameAt = FIRST_TOPIC_AT[api] + 4
  const errorAt = nameAt + 2 + changed.readInt16BE(nameAt) + 4 + 4
  changed.writeInt16BE(errorCode, errorAt)
  if (partition !== undefined) changed.writeInt32BE(partition, errorAt - 4)
  return changed
}
