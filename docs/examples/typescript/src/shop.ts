// The world outside: a shop that takes orders over HTTP, each key once, and keeps them in a file, one line of JSON for each.
//   node shop.ts [--port 8480] [--orders orders.jsonl] [--slow-ms 8000]     slow: between taking an order and saying so
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'

interface Order {
  id: number
  item: string
  quantity: number
}

const ITEMS = ['chairs', 'tables', 'lamps']

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8480' },
    orders: { type: 'string', default: 'orders.jsonl' },
    'slow-ms': { type: 'string', default: '8000' },
  },
})

/** What became of each key; null: it was given up, and is refused. */
const book = new Map<string, Order | null>()
const lines = existsSync(values.orders) ? readFileSync(values.orders, 'utf8').split('\n') : []
for (const line of lines.filter((text) => text !== '')) {
  const { key, order }: { key: string; order: Order | null } = JSON.parse(line)
  book.set(key, order)
}

function write(key: string, order: Order | null): void {
  appendFileSync(values.orders, `${JSON.stringify({ key, order })}\n`)
  book.set(key, order)
}

interface Answer {
  status: number
  body: object
}

async function takeOrder(key: string, { item, quantity }: Omit<Order, 'id'>): Promise<Answer> {
  const known = book.get(key)
  if (known === null) return { status: 409, body: { error: 'This key was given up.' } }
  if (known) return { status: 200, body: known }
  if (!ITEMS.includes(item)) return { status: 422, body: { error: `There are only ${ITEMS.join(', ')}.` } }
  const order = { id: book.size + 1, item, quantity }
  write(key, order)
  console.log(`took order ${order.id}: ${quantity} ${item} (${key})`)
  await delay(Number(values['slow-ms']))
  return { status: 201, body: order }
}

/** Tells what became of a key. One that has not come is given up here and now: that is what makes the answer final. */
function settle(key: string): Answer {
  if (!book.has(key)) write(key, null)
  const order = book.get(key) ?? null
  console.log(`was asked about ${key}: ${order === null ? 'it never happens' : `it is order ${order.id}`}`)
  return { status: 200, body: { order } }
}

async function answer(request: IncomingMessage): Promise<Answer> {
  const route = `${request.method} ${request.url}`
  if (route === 'GET /orders') return { status: 200, body: [...book.values()].filter((order) => order !== null) }
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string') return { status: 400, body: { error: 'A call needs an idempotency-key.' } }
  let text = ''
  for await (const part of request) text += part
  if (route === 'POST /orders') return takeOrder(key, JSON.parse(text))
  if (route === 'POST /orders/settle') return settle(key)
  return { status: 404, body: { error: `There is no ${route}.` } }
}

const server = createServer(async (request, response) => {
  const { status, body } = await answer(request)
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
})
server.listen(Number(values.port), '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : values.port
  console.log(`the shop is open: http://127.0.0.1:${port}`)
})
