export const WebhookPage = (_: {id?: string}) => null
