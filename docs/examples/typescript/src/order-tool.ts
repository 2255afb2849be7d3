import { completedResult, createTool, failedResult, type Tool, type ToolContext, Type } from '@kafclaw/tools'

/** Longer than the shop ever takes. A call that is in doubt is settled when this time has passed, so no longer than needed. */
const LONGEST_CALL_MS = 10_000

interface Order {
  id: number
  item: string
  quantity: number
}

/** `shop.order`: orders something. It must not happen twice, and the shop can tell what became of a call. */
export function createOrderTool(shopUrl: string): Tool {
  function post(path: string, ctx: ToolContext, body: object): Promise<Response> {
    return fetch(`${shopUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': ctx.idempotencyKey },
      body: JSON.stringify(body),
      signal: ctx.signal,
    })
  }

  return createTool({
    name: 'shop.order',
    description: 'Orders a number of pieces of one item. An order cannot be taken back.',
    parameters: Type.Object(
      {
        item: Type.String({ minLength: 1, maxLength: 100, description: 'What to order, as the shop calls it.' }),
        quantity: Type.Integer({ minimum: 1, maximum: 100, description: 'How many pieces.' }),
      },
      { additionalProperties: false },
    ),
    kind: 'tool',
    effect: 'once',
    longestCallMs: LONGEST_CALL_MS,
    async run(args, ctx) {
      const response = await post('/orders', ctx, args)
      // The shop has refused: nothing was ordered. Only what is known like this may be returned as failed.
      if (response.status >= 400 && response.status < 500) return failedResult(await response.text())
      // Whatever else went wrong may have gone wrong after the order was taken. Thrown, it leaves the call in doubt.
      if (!response.ok) throw new Error(`The shop answered ${response.status}.`)
      const order: Order = JSON.parse(await response.text())
      return completedResult(order)
    },
    async settle(args, ctx) {
      const response = await post('/orders/settle', ctx, args)
      if (!response.ok) throw new Error(`The shop answered ${response.status}.`)
      const { order }: { order: Order | null } = JSON.parse(await response.text())
      // Without an order the shop refuses this key from now on, also to a first call that is still on its way.
      return order === null ? { kind: 'never' } : { kind: 'happened', result: completedResult(order) }
    },
  })
}
