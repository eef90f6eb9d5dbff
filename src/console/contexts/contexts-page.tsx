export const ContextsPage = (_: {id?: string}) => null
