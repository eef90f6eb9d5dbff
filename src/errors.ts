// The errors that a client can act on. Use cases throw them; the API answers them as members of a result union.
// Everything else that is thrown is a bug: logged whole, masked to the client.

/** One rule that one input field broke. */
export interface InputIssue {
  /** From the argument on, e.g. ["input", "url"]; list elements by their index. */
  path: string[]
  message: string
}

/** What was given breaks the rules named in `issues`; nothing was changed. */
export class InvalidInputError extends Error {
  override name = 'InvalidInputError'
  readonly issues: InputIssue[]
  constructor(issues: InputIssue[]) {
    super(issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '))
    this.issues = issues
  }
}

/** Nothing of the caller's app has this id. Another app's id is answered just so. */
export class NotFoundError extends Error {
  override name = 'NotFoundError'
  readonly nodeId: string
  constructor(nodeId: string) {
    super('Nothing with this id was found')
    this.nodeId = nodeId
  }
}

/** The app has as many webhooks as it may have, inactive ones included. */
export class WebhookLimitReachedError extends Error {
  override name = 'WebhookLimitReachedError'
  readonly limit: number
  constructor(limit: number) {
    super(`An app may have at most ${limit} webhooks; delete one to make another`)
    this.limit = limit
  }
}

/** The context still holds files. */
export class ContextNotEmptyError extends Error {
  override name = 'ContextNotEmptyError'
  readonly fileCount: number
  constructor(fileCount: number) {
    super(`The context holds ${fileCount} ${fileCount === 1 ? 'file' : 'files'}; delete them first`)
    this.fileCount = fileCount
  }
}

/** The delivery, webhook or key is in a state in which this cannot be done. */
export class ConflictError extends Error {
  override name = 'ConflictError'
}

/** The key lacks the scope. Answered in `errors[]` with the code FORBIDDEN. */
export class ForbiddenError extends Error {
  override name = 'ForbiddenError'
}

/** An argument of a query breaks a rule. Answered in `errors[]` with the code BAD_USER_INPUT. */
export class BadRequestError extends Error {
  override name = 'BadRequestError'
}

/** What was to be told of is no longer there. A subscription passes over it. */
export class GoneError extends Error {
  override name = 'GoneError'
}
