/** One message of a conversation, in the order in which it was said. */
export type Message =
  | { readonly role: 'system'; readonly content: string }
  | { readonly role: 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string; readonly toolCalls?: readonly ToolCall[] }
  | { readonly role: 'tool'; readonly toolCallId: string; readonly content: string }

/** A call that the model asks for; `arguments` is JSON text exactly as the model wrote it, so it may be malformed. */
export interface ToolCall {
  readonly id: string
  readonly name: string
  readonly arguments: string
}

/** What a model is told about a tool; `parameters` is a JSON Schema of an object. */
export interface ToolDefinition {
  readonly name: string
  readonly description: string
  readonly parameters: object
}

export interface ModelRequest {
  readonly messages: readonly Message[]
  readonly tools: readonly ToolDefinition[]
  /** Hears the text as it arrives; the pieces joined are the `content` of the answer. */
  onText?(delta: string): void
  readonly signal: AbortSignal
}

/** Tokens that the provider counted, under the names in which they lie on the wire. */
export interface Usage {
  readonly input_tokens: number
  readonly output_tokens: number
}

export interface ModelAnswer {
  readonly content: string
  readonly toolCalls: readonly ToolCall[]
  /** Null when the model counts no tokens. */
  readonly usage: Usage | null
  /** The model that answered, as it names itself. */
  readonly model: string
  /** `stop`, `tool_calls`, `length`, or what else the provider says. */
  readonly finishReason: string
}

/**
 * Anything that answers a conversation.
 *
 * `complete` fails with an AppError: KC_MODEL_UNREACHABLE, KC_MODEL_TIMEOUT, KC_MODEL_RATE_LIMITED (worth another try),
 * KC_MODEL_AUTHENTICATION, KC_MODEL_REJECTED (not). An abort rejects with the reason of the signal instead.
 */
export interface Model {
  readonly name: string
  complete(request: ModelRequest): Promise<ModelAnswer>
}
