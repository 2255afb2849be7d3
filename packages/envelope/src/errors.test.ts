import { describe, expect, it } from 'vitest'
import { AppError } from './app-error.ts'
import { ERRORS, type ErrorEntry, isErrorCode } from './errors.ts'

describe('error table', () => {
  it('is sorted, so that a new code has one place', () => {
    expect(Object.keys(ERRORS)).toEqual(Object.keys(ERRORS).toSorted())
  })

  it.each(Object.entries<ErrorEntry>(ERRORS))('%s has a name, a status and a sentence for people', (code, entry) => {
    expect(code).toMatch(/^KC(_[A-Z0-9]+)+$/)
    expect(entry.httpStatus).toBeGreaterThanOrEqual(400)
    expect(entry.httpStatus).toBeLessThan(600)
    expect(entry.publicMessage).toMatch(/^[A-Z].*\.$/s)
  })

  it('knows its codes and nothing else', () => {
    expect(isErrorCode('KC_CONFIG_INVALID')).toBe(true)
    expect(isErrorCode('toString')).toBe(false)
    expect(isErrorCode(undefined)).toBe(false)
  })
})

describe('AppError.fromUnknown', () => {
  it('keeps an AppError and wraps everything else', () => {
    const known = new AppError('KC_CONFIG_INVALID', 'KAFCLAW_GROUP is missing.', { details: { name: 'KAFCLAW_GROUP' } })
    expect(AppError.fromUnknown(known, 'KC_STORAGE_FAILED')).toBe(known)
    const cause = new Error('disk I/O error')
    const wrapped = AppError.fromUnknown(cause, 'KC_STORAGE_FAILED')
    expect(wrapped).toMatchObject({ code: 'KC_STORAGE_FAILED', message: 'disk I/O error', cause })
    expect(AppError.fromUnknown('text', 'KC_STORAGE_FAILED').message).toBe('text')
    expect(AppError.fromUnknown(undefined, 'KC_STORAGE_FAILED').message.length).toBeGreaterThan(0)
  })
})
