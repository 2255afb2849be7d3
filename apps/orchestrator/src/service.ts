import { AppError } from '@kafclaw/envelope'
import { type Host, type Member, openMember, type Service } from '@kafclaw/runtime'
import { createAdvisor } from './advisor.ts'
import { orchestratorId } from './config.ts'

/**
 * Advises on the log who takes which task: by skill, free slots and absence. It runs nothing itself, and nobody waits longer
 * than a lease for it. Error: KC_STORAGE_LOCKED when another process has its folder.
 */
export function createOrchestrator(host: Host, agentId: string = orchestratorId(host)): Service {
  const member: Member = openMember(host, {
    agentId,
    role: 'orchestrator',
    skills: [],
    capacity: 0,
    readsAllSkills: true,
    onTasks: (tasks) => advisor.consider(tasks),
    onOwnBeat: () => advisor.considerAll(),
    createHandler: () => () => Promise.reject(new AppError('KC_BUG', 'An orchestrator has no skill and runs no task.')),
  })
  const advisor = createAdvisor({
    env: host.env,
    logger: host.logger.child({ member: agentId }),
    agentId,
    view: member.view,
    assign: async ({ taskId, attempt, assignee, causationId }) => {
      await member.send({
        type: 'task_status',
        correlation_id: taskId,
        causation_id: causationId,
        payload: { status: 'assigned', attempt, agent_id: assignee },
      })
    },
  })
  return { ...member, id: agentId }
}
