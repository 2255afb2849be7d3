export { type ContractItem, RECALL_CONTRACT, type RecallCase, type RecallForm } from './recall-contract.ts'
