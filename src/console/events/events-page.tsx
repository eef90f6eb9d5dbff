export const EventsPage = (_: {id?: string}) => null
