import { describeGroupOffsets } from './group-offsets-suite.ts'

describeGroupOffsets('embedded')
