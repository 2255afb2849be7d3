import { type Span, trace } from '@opentelemetry/api'
import { afterEach, expect, it } from 'vitest'
import { GEN_AI, GEN_AI_OPERATIONS, withSpan } from './span.ts'

afterEach(() => trace.disable())

it('gives the result and the error of the work back when no SDK is there', async () => {
  expect(await withSpan('chat', { [GEN_AI.operationName]: GEN_AI_OPERATIONS.chat }, async () => 7)).toBe(7)
  await expect(withSpan('chat', {}, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
})

it('ends the span with the error of the work on it', async () => {
  const seen: unknown[] = []
  const span = new Proxy({} as Span, {
    get: (_, method) => (argument: unknown) => void seen.push([method, argument]),
  })
  const tracer = {
    startSpan: () => span,
    startActiveSpan: (_name: string, options: unknown, fn: (span: Span) => unknown) => {
      seen.push(options)
      return fn(span)
    },
  }
  trace.setGlobalTracerProvider({ getTracer: () => tracer as never })
  const error = new Error('the model is away')
  await expect(withSpan('chat m', { [GEN_AI.requestModel]: 'm' }, () => Promise.reject(error))).rejects.toBe(error)
  expect(seen).toEqual([
    { attributes: { 'gen_ai.request.model': 'm' } },
    ['recordException', error],
    ['setStatus', { code: 2, message: 'the model is away' }],
    ['end', undefined],
  ])
})
