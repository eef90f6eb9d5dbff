// npm run demo: against a running server, a receiver on a free port, a webhook to it, an agent created, and the verified
// callback shown. HERALD_URL (default http://127.0.0.1:4000/graphql) and HERALD_API_KEY (a key with ADMIN).
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

const url = process.env.HERALD_URL ?? 'http://127.0.0.1:4000/graphql'
const key = process.env.HERALD_API_KEY ?? process.env.BOOTSTRAP_API_KEY
if (!key) {
  console.error('Set HERALD_API_KEY to a key with ADMIN; the server printed one at its first start')
  process.exit(1)
}

async function gql(query: string, variables: object = {}): Promise<any> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key as string },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = (await response.json()) as { data?: any; errors?: unknown }
  if (errors || !data) throw new Error(`${response.status} ${JSON.stringify(errors)}`)
  return data
}

const callback = Promise.withResolvers<{ text: string; headers: Record<string, string> }>()
const receiver = createServer((request, response) => {
  let text = ''
  request.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  request.on('end', () => {
    response.end('thank you')
    callback.resolve({ text, headers: request.headers as Record<string, string> })
  })
})
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
const endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`

const { webhookCreate } = await gql(
  `mutation ($url: String!) { webhookCreate(input: {name: "Demo", url: $url, entities: [AGENT]}) {
    ... on WebhookCreateSuccess { secret webhook { id } } ... on Error { message } } }`,
  { url: endpoint },
)
if (!webhookCreate.webhook) throw new Error(webhookCreate.message)
console.log(`Webhook ${webhookCreate.webhook.id} to ${endpoint}`)
const { agentCreate } = await gql(
  `mutation { agentCreate(input: {agentName: "Ada", agentPurpose: "Shows how Herald works", formatting: "Plain"}) {
    ... on AgentCreateSuccess { agent { id } } ... on Error { message } } }`,
)
console.log(`Agent ${agentCreate.agent.id} created; waiting for its callback`)
const { text, headers } = await callback.promise
console.log('Callback verified:', JSON.stringify(new Webhook(webhookCreate.secret).verify(text, headers), null, 2))

await gql('mutation ($id: ID!) { agentDelete(id: $id) { __typename } }', { id: agentCreate.agent.id })
await gql('mutation ($id: ID!) { webhookDelete(id: $id) { __typename } }', { id: webhookCreate.webhook.id })
receiver.closeAllConnections()
receiver.close()
