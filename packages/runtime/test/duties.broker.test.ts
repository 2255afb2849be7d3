import { describeDuties } from './duties-suite.ts'

describeDuties('kafka')
