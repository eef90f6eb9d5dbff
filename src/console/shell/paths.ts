/** Where each page is. */
export const paths = {
  webhooks: '/configure/api-management/webhooks',
  apiKeys: '/configure/api-management/api-keys',
  auditLog: '/configure/api-management/audit-log',
  agents: '/configure/agents',
  contexts: '/configure/contexts',
  files: '/configure/context-files',
  events: '/events',
  help: '/help/webhooks',
} as const
