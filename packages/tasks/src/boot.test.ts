import { createEnvelope } from '@kafclaw/envelope'
import { describe, expect, it } from 'vitest'
import { type Boot, createBoot } from './boot.ts'

function beat(bootId: string, boot: number, host = 'host-b') {
  return createEnvelope(
    {
      type: 'announce',
      group: 'acme',
      zone: 'public',
      sender_id: 'agent-a',
      payload: { agent_id: 'agent-a', boot_id: bootId, boot, host },
    },
    { id: '0198f3c2-0000-7000-8000-000000000000', nowMs: 0 },
  )
}

/** A process that has caught up with the beats given and has taken its number. */
function started(...before: Array<ReturnType<typeof beat>>): Boot {
  const boot = createBoot('mine')
  for (const envelope of before) boot.read(envelope)
  boot.choose()
  return boot
}

describe('boots', () => {
  it('takes 1, or the number after the highest that stands in the log', () => {
    expect(started().number()).toBe(1)
    expect(started(beat('old', 4), beat('older', 2)).number()).toBe(5)
  })

  it('is replaced by a higher number, and says by whom', () => {
    const boot = started()
    expect(boot.read(beat('other', 2, 'host-b'))).toEqual({ kind: 'replaced', host: 'host-b', boot: 2 })
  })

  it('gives way when a twin stands on its number first', () => {
    const boot = started()
    expect(boot.read(beat('twin', 1))).toEqual({ kind: 'older' })
    expect(boot.read(beat('mine', 1))).toEqual({ kind: 'taken' })
    expect(boot.number()).toBe(2)
    expect(boot.read(beat('mine', 2))).toEqual({ kind: 'own' })
  })

  it('keeps the number on which it stood first, whatever a twin writes behind it', () => {
    const boot = started()
    expect(boot.read(beat('mine', 1))).toEqual({ kind: 'own' })
    expect(boot.read(beat('twin', 1))).toEqual({ kind: 'older' })
    expect(boot.read(beat('mine', 1))).toEqual({ kind: 'own' })
    expect(boot.number()).toBe(1)
  })

  it('does not take a beat under a number that it gave up for the new one', () => {
    const boot = started()
    boot.read(beat('twin', 1))
    boot.read(beat('mine', 1))
    expect(boot.read(beat('mine', 1))).toEqual({ kind: 'taken' })
    expect(boot.number()).toBe(2)
  })
})
