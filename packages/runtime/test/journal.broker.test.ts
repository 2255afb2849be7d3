import { describeJournal } from './journal-suite.ts'

describeJournal('kafka')
