import * as Type from 'typebox'
import { about, closed, fallback, integer } from '../fields.ts'
import type { Filled } from '../filled.ts'

export const UsageSchema = Type.Object(
  {
    input_tokens: fallback(integer(0, about('Tokens read by the model.', 512)), 0),
    output_tokens: fallback(integer(0, about('Tokens written by the model.', 48)), 0),
  },
  { ...closed, ...about('What the models used.', { input_tokens: 512, output_tokens: 48 }) },
)

export type NewUsage = Type.Static<typeof UsageSchema>
export type Usage = Filled<NewUsage>
