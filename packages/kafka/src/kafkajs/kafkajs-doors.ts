// All that loads kafkajs, so that one dynamic import brings it in.
export { openBrokerLink } from './broker-link.ts'
export { createKafkajsLogger } from './kafkajs-logger.ts'
