export const AuditPage = (_: {id?: string}) => null
