import type { ToolCall } from '../model.ts'
import { pickBestItems } from './best-items.ts'
import { passageFor } from './passage.ts'
import { formatSource, parseSources } from './recalled-item.ts'
import type { Sentence } from './sentence.ts'

/** Says in words what a tool call came to. `result` is the content of the tool message, JSON text as our tools write it. */
export function reportResult(sentence: Sentence, call: ToolCall, result: string): string {
  const fields = parseFields(result)
  const error = fields.get('error')
  if (error !== undefined || fields.size === 0) return `The tool ${call.name} did not do it: ${asText(error ?? result)}`
  switch (call.name) {
    case 'memory.remember':
      return `I remember that now, as memory ${asText(fields.get('item_id'))}.`
    case 'memory.recall':
      return reportRecall(queryOf(sentence, call), fields)
    case 'ask_agent':
      return reportAnswer(asText(parseFields(call.arguments).get('agent')), fields)
    default:
      return `The tool ${call.name} answered: ${result}`
  }
}

function reportRecall(query: string, fields: Fields): string {
  const { items, sure } = pickBestItems(query, parseSources(fields.get('items')))
  if (items.length === 0) return `I know nothing about that: no memory item I may see says anything about “${query}”.`
  const lines = items.map((item, index) => `${passageFor(query, item.content || item.title)} [${index + 1}]`)
  const closest = sure ? '' : 'No memory item says exactly that; the closest I know: '
  return `${closest}${lines.join('\n')}\n\n${items.map((item, index) => formatSource(item, index + 1)).join('\n')}`
}

function reportAnswer(agent: string, fields: Fields): string {
  const status = asText(fields.get('status'))
  const content = asText(fields.get('content'))
  if (status !== 'completed') {
    return `${agent} gave no answer: the task ended as ${status || 'unknown'}${content === '' ? '.' : `: ${content}`}`
  }
  const citations = parseSources(fields.get('citations'))
  // An answer that names a source itself has chosen among them.
  const unnamed = citations.some((source) => content.includes(source.place)) ? [] : citations
  const sources = unnamed.map((source, index) => formatSource(source, index + 1)).join('\n')
  return `${agent} answers: ${content}${sources === '' ? '' : `\n\n${sources}`}`
}

function queryOf(sentence: Sentence, call: ToolCall): string {
  return sentence.kind === 'recall' ? sentence.query : asText(parseFields(call.arguments).get('query'))
}

type Fields = ReadonlyMap<string, unknown>

function parseFields(json: string): Fields {
  try {
    const value: unknown = JSON.parse(json)
    return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
  } catch {
    return new Map()
  }
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
