import { type Command, Option } from 'commander'
import type { RunAction } from '../program.ts'
import { examples } from './examples.ts'

export interface ApprovalsListOptions {
  state?: 'open' | 'granted' | 'denied' | 'expired'
  task?: string
}

export interface GrantOptions {
  happened?: true
  didNotHappen?: true
  result?: string
  reason?: string
}

const ID = 'approval_5e8f1a02-3c4d-8e6f-9a1b-2c3d4e5f6071'

export function addApprovalsCommand(program: Command, run: RunAction): void {
  const approvals = program
    .command('approvals')
    .summary('answer what agents ask of people')
    .description(
      'A run asks a person, and waits, when it does not know what became of a call that must not happen twice: its worker ' +
        'died in the middle, or the call failed or took too long, and its tool cannot tell (docs/tools.md). The first ' +
        'decision on the log counts.',
    )
  approvals
    .command('list')
    .summary('list what was asked, the newest first')
    .description('Lists what was asked, the newest first. Nothing needs to run for it.')
    .addOption(new Option('--state <state>', 'only these').choices(['open', 'granted', 'denied', 'expired']))
    .option('--task <id>', 'only those of this task')
    .addHelpText(
      'after',
      examples([
        ['kafclaw approvals list --state open', 'what waits for a decision'],
        ['kafclaw approvals list -o json', ''],
      ]),
    )
    .action((options: ApprovalsListOptions) =>
      run(async (invocation) => {
        const { listApprovals } = await import('../approvals/list-approvals.ts')
        return listApprovals(invocation, options)
      }),
    )
  approvals
    .command('show')
    .summary('show one question and its decision')
    .description('Shows one question: the call that is in doubt, its arguments and key, and who has decided.')
    .argument('<approval>', 'approval id')
    .addHelpText('after', examples([[`kafclaw approvals show ${ID}`, '']]))
    .action((approvalId: string) =>
      run(async (invocation) => {
        const { showApproval } = await import('../approvals/show-approval.ts')
        return showApproval(invocation, approvalId)
      }),
    )
  addGrant(approvals, run)
  addDeny(approvals, run)
}

const EXIT_CODES = '\nExit codes: 0 this decision counts, 1 somebody had decided before, or nothing was asked.\n'

function addGrant(approvals: Command, run: RunAction): void {
  approvals
    .command('grant')
    .summary('say what became of the call; the run goes on')
    .description(
      'Says whether the effect in doubt happened. If it did, the run goes on with its result; if it did not, the call is ' +
        'made once more. Make sure that a first call cannot still come through: it may have been held up.',
    )
    .argument('<approval>', 'approval id')
    .option('--happened', 'the call took effect')
    .option('--did-not-happen', 'the call had no effect and will have none')
    .option('--result <json>', 'with --happened: what the call gave, where that is known')
    .option('--reason <text>', 'how you know, for people')
    .addHelpText(
      'after',
      `${EXIT_CODES}${examples([
        [`kafclaw approvals grant ${ID} --happened --result '{"receipt":"r-1"}'`, ''],
        [`kafclaw approvals grant ${ID} --did-not-happen --reason "not in the ledger"`, ''],
      ])}`,
    )
    .action((approvalId: string, options: GrantOptions) =>
      run(async (invocation) => {
        const { decideApproval, readGrant } = await import('../approvals/decide-approval.ts')
        return decideApproval(invocation, approvalId, readGrant(options))
      }),
    )
}

function addDeny(approvals: Command, run: RunAction): void {
  approvals
    .command('deny')
    .summary('end the task, because nobody can tell')
    .description('Ends the task as failed with KC_RUN_IN_DOUBT: nobody can tell what became of the call.')
    .argument('<approval>', 'approval id')
    .requiredOption('--reason <text>', 'why, for people')
    .addHelpText(
      'after',
      `${EXIT_CODES}${examples([[`kafclaw approvals deny ${ID} --reason "the ledger is gone"`, '']])}`,
    )
    .action((approvalId: string, { reason }: { reason: string }) =>
      run(async (invocation) => {
        const { decideApproval } = await import('../approvals/decide-approval.ts')
        return decideApproval(invocation, approvalId, { status: 'denied', reason: reason.trim() || null })
      }),
    )
}
