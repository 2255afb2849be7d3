/** Set by the vitest project `broker` for its test files. */
export const TEST_BROKERS_VARIABLE = 'KAFCLAW_TEST_BROKERS'

/** host:port of the broker that all broker tests share: make topics and groups of your own on it, never stop it. */
export function sharedBrokers(): string[] {
  const brokers = process.env[TEST_BROKERS_VARIABLE]
  if (!brokers)
    throw new Error('no shared broker: name the test file *.broker.test.ts, so that the project "broker" runs it')
  return brokers.split(',')
}
