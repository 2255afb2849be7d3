import { createFaultProxy } from './fault-proxy.ts'
import { createTraffic, type TrafficFault } from './traffic.ts'

/** The line from one client to all brokers of a cluster, which can go bad. */
export interface Link extends AsyncDisposable {
  /** What the client is told to connect to; whatever broker it learns of leads through here as well. */
  readonly brokers: string[]
  set(fault: TrafficFault): void
  /** Resets all connections that are open now. */
  reset(): void
}

/** `brokers` are those of the cluster, all of them, as they name themselves. */
export async function createLink(brokers: readonly string[]): Promise<Link> {
  await using stack = new AsyncDisposableStack()
  const traffic = createTraffic()
  const doubles = new Map<number, number>()
  const proxies = await Promise.all(
    brokers.map(async (broker) => {
      const options = { traffic, portOf: (port: number) => doubles.get(port) ?? port }
      const proxy = stack.use(await createFaultProxy(broker, options))
      doubles.set(portOf(broker), portOf(proxy.address))
      return proxy
    }),
  )
  const resources = stack.move()
  return {
    brokers: proxies.map(({ address }) => address),
    set: traffic.set,
    reset() {
      for (const proxy of proxies) proxy.cutAll()
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

function portOf(address: string): number {
  return Number(address.split(':')[1])
}
