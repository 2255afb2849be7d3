import type { LogGap } from '@kafclaw/kafka'

/** What became of offsets that a reader passed over, in one line for people. */
export function describeGap({ from, to, reason }: LogGap): string {
  const isOne = to - from === 1
  const offsets = isOne ? `offset ${from}` : `offsets ${from} to ${to - 1}`
  switch (reason) {
    case 'below_start':
      return `${offsets} ${isOne ? 'was' : 'were'} deleted before ${isOne ? 'it was' : 'they were'} read`
    case 'corrupt':
      return `${offsets} ${isOne ? 'lies' : 'lie'} on the log but cannot be read: the batch is damaged or compressed in an unknown way`
  }
}
