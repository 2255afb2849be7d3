import * as Type from 'typebox'
import { about, closed, fallback, oneOf, skillName } from '../fields.ts'
import type { Filled } from '../filled.ts'

export const SkillPayloadSchema = Type.Object(
  {
    skill: skillName(about('The skill.', 'invoice')),
    served_by: fallback(
      oneOf(
        ['claim', 'group'],
        about('`claim`: agents that claim; `group`: a consumer group of another program.', 'group'),
      ),
      'claim',
    ),
  },
  { ...closed, description: 'Who serves a skill.' },
)

export type NewSkillPayload = Type.Static<typeof SkillPayloadSchema>
export type SkillPayload = Filled<NewSkillPayload>
