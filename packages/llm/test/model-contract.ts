import { describe, expect, it } from 'vitest'
import type { Message, Model, ModelRequest, ToolDefinition } from '../src/index.ts'

/** The fact that every form must turn into a call of `memory.remember` when told `remember that <fact>`. */
export const CONTRACT_FACT = 'The 7 „Grüße“ of 東京 are 🌸 pink.'

export const REMEMBER_TOOL: ToolDefinition = {
  name: 'memory.remember',
  description: 'Stores a fact.',
  parameters: { type: 'object', properties: { content: { type: 'string' } }, required: ['content'] },
}

/** What every form of the Model port promises. `open` gives a model that answers `hello` and the fact above. */
export function describeModelContract(form: string, open: () => Model): void {
  const request = (messages: Message[], more: Partial<ModelRequest> = {}): ModelRequest => ({
    messages,
    tools: [REMEMBER_TOOL],
    signal: new AbortController().signal,
    ...more,
  })
  const hello: Message = { role: 'user', content: 'hello' }
  const remember: Message = { role: 'user', content: `remember that ${CONTRACT_FACT}` }

  describe(`model contract: ${form}`, () => {
    it('answers a user with text, names itself and says why it stopped', async () => {
      const answer = await open().complete(request([{ role: 'system', content: 'Be brief.' }, hello]))
      expect(answer.content).not.toBe('')
      expect(answer).toMatchObject({ toolCalls: [], finishReason: 'stop' })
      expect(answer.model).not.toBe('')
    })

    it('streams exactly the text of the answer', async () => {
      const heard: string[] = []
      const answer = await open().complete(request([hello], { onText: (text) => heard.push(text) }))
      expect(heard.join('')).toBe(answer.content)
    })

    it('calls a tool under the name it was offered, with JSON arguments', async () => {
      const answer = await open().complete(request([remember]))
      expect(answer.toolCalls).toHaveLength(1)
      expect(answer.toolCalls[0]?.name).toBe('memory.remember')
      expect(answer.toolCalls[0]?.id).not.toBe('')
      expect(JSON.parse(answer.toolCalls[0]?.arguments ?? '')).toEqual({ content: CONTRACT_FACT })
    })

    it('answers with text once it has the result of its call, and calls nothing again', async () => {
      const model = open()
      const { content, toolCalls } = await model.complete(request([remember]))
      const result: Message = { role: 'tool', toolCallId: toolCalls[0]?.id ?? '', content: '{"item_id":"item_1"}' }
      const answer = await model.complete(request([remember, { role: 'assistant', content, toolCalls }, result]))
      expect(answer.content).not.toBe('')
      expect(answer.toolCalls).toEqual([])
    })

    it('counts tokens as whole numbers, or not at all', async () => {
      const { usage } = await open().complete(request([hello]))
      if (usage === null) return
      expect(Number.isInteger(usage.input_tokens) && usage.input_tokens > 0).toBe(true)
      expect(Number.isInteger(usage.output_tokens) && usage.output_tokens > 0).toBe(true)
    })

    it('rejects with the reason of its signal when it is aborted', async () => {
      const reason = new Error('the task was cancelled')
      await expect(open().complete(request([hello], { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason)
    })
  })
}
