/** The only place where this service sees its environment. */
export const variables = process.env

/** The id under which the sink takes part in its group, and the name of its folder. */
export const AUDIT_SINK_ID = 'audit-sink'

/** Traces answered at once: each is one query, which keeps the process busy. */
export const CAPACITY = 2
