import { describeMember } from './member-suite.ts'

describeMember('kafka')
