export { createRandom, type Random } from './random.ts'
export { createSimulation, type SimulatedProcess, type Simulation } from './simulation.ts'
export { createVirtualEnv, type VirtualEnv } from './virtual-env.ts'
