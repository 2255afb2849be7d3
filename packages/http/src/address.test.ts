import { expect, it } from 'vitest'
import { formatAddress, readAddress } from './address.ts'

it.each([
  ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
  ['localhost:9464', { host: 'localhost', port: 9464 }],
  ['kafka-0.kafka.svc.cluster.local:9092', { host: 'kafka-0.kafka.svc.cluster.local', port: 9092 }],
  ['[::1]:65535', { host: '::1', port: 65_535 }],
])('reads %s and writes it the same', (text, address) => {
  expect(readAddress(text)).toEqual(address)
  expect(formatAddress(address)).toBe(text)
})

it.each(['', 'localhost', ':9092', 'localhost:', 'localhost:65536', 'localhost:-1', 'http://localhost:80', '::1:80'])(
  'refuses "%s"',
  (text) => expect(readAddress(text)).toBeNull(),
)

it.each(['a b:1', 'user@host:1', 'localhost:1x', 'localhost:1:2', '[::1:2'])('refuses "%s"', (text) => {
  expect(readAddress(text)).toBeNull()
})
