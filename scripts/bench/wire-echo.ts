import { createRaw, type ReadingBy } from './raw-kafkajs.ts'

/** The other process of the baseline: sends each message of one topic back on another. */
const [brokers = '', from = '', to = '', by = 'groupless', partitions = '6'] = process.argv.slice(2)
const raw = createRaw(brokers.split(','))
const producer = await raw.producer()
await raw.read(from, by as ReadingBy, (messages) => void producer.send(to, messages, Number(partitions)))
process.send?.('ready')
process.on('disconnect', () => process.exit(0))
