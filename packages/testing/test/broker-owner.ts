// A process that starts a broker and then waits to be killed.
import { startBroker } from '../src/broker/start-broker.ts'

const broker = await startBroker({ users: { alice: 'secret' } })
const port = Number(broker.brokers[0]?.split(':')[1])
process.stdout.write(`${JSON.stringify({ port, pki: broker.secure?.pki.caPath })}\n`)
setInterval(() => {}, 60_000)
