import { describeJournal } from './journal-suite.ts'

describeJournal('embedded')
