import { type Host, keepMemberId } from '@kafclaw/runtime'

/** The only place where this service sees its environment. */
export const variables = process.env

/** The id under which the sink of this data folder takes part in its group, and the name of its folder. */
export function auditSinkId({ data, env }: Pick<Host, 'data' | 'env'>): string {
  return keepMemberId(data, 'audit-sink', env)
}

/** Traces answered at once: each is one query, which keeps the process busy. */
export const CAPACITY = 2
