export const KeysPage = (_: {id?: string}) => null
