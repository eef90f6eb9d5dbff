export const FilesPage = (_: {id?: string}) => null
