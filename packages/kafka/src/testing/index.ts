export { createSimulatedBroker, type SimulatedBroker } from './simulated-broker.ts'
export type { SendFate, SimulatedLink } from './simulated-link.ts'
