import { describeDoubt } from './doubt-suite.ts'

describeDoubt('embedded')
