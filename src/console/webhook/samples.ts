// How a receiver verifies callbacks, in the languages' standardwebhooks libraries, each a whole program.

interface Receiver {
  /** Where callbacks come in: the path of the webhook's URL, as it is sent. */
  path: string
  /** whsec_…, or what stands for it until it is shown. */
  secret: string
}

const typescript = ({ path, secret }: Receiver) => `// npm install standardwebhooks
import { createServer } from 'node:http'
import { Webhook } from 'standardwebhooks'

const webhook = new Webhook(process.env.WEBHOOK_SECRET ?? '${secret}')

createServer(async (request, response) => {
  const path = request.url?.split('?')[0]
  if (request.method !== 'POST' || path !== ${inSingleQuotes(path)}) return response.writeHead(404).end()
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk
  try {
    const event = webhook.verify(body, request.headers as Record<string, string>)
    console.log(event)
    response.writeHead(204).end()
  } catch {
    response.writeHead(401).end()
  }
}).listen(Number(process.env.PORT ?? 3000))
`

const python = ({ path, secret }: Receiver) => `# pip install standardwebhooks flask
import os

from flask import Flask, request
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

app = Flask(__name__)
webhook = Webhook(os.environ.get("WEBHOOK_SECRET", "${secret}"))


@app.post(${JSON.stringify(decoded(path))})
def receive():
    try:
        event = webhook.verify(request.get_data(as_text=True), dict(request.headers))
    except (WebhookVerificationError, ValueError):
        return "", 401
    print(event)
    return "", 204
`

const go = ({ path, secret }: Receiver) => `// go get github.com/standard-webhooks/standard-webhooks/libraries
package main

import (
	"io"
	"log"
	"net/http"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func main() {
	webhook, err := standardwebhooks.NewWebhook("${secret}")
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc(${JSON.stringify(`POST ${path}`)}, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil || webhook.Verify(body, r.Header) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		log.Printf("%s", body)
		w.WriteHeader(http.StatusNoContent)
	})
	log.Fatal(http.ListenAndServe(":3000", nil))
}
`

export const samples = [
  ['TypeScript', typescript],
  ['Python', python],
  ['Go', go],
] as const

/** Where callbacks for a URL come in. What stands behind it, as a query, is for the receiver to read. */
export const pathOf = (url: string): string => new URL(url).pathname

const inSingleQuotes = (text: string) => `'${text.replaceAll(/['\\]/g, '\\$&')}'`

/** Flask compares paths as they are meant, not as they are sent. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
