export const AgentsPage = (_: {id?: string}) => null
