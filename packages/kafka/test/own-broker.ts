import { findEngine, readBrokerSettings } from '@kafclaw/testing/broker'

const engine = await findEngine(readBrokerSettings())

/** Tests that kill or freeze a broker need one of their own, which takes Java or Docker even where brokers are named. */
export const canStartBroker = engine.found

/** A broker with users, certificates and ACLs is only made by Java. */
export const canStartSecureBroker = engine.found && engine.how === 'java'
