import { type DocumentNode, type ExecutionArgs, type GraphQLError, getOperationAST, Kind } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { ApiMetrics, OperationKind, OperationResult } from '../metrics/api.ts'
import { tellError } from './errors.ts'

/** Counts operations on every transport, and how long they take. Stands around the guard, whose refusals count too. */
export function createMeasure(metrics: ApiMetrics): Plugin {
  const kindOf = ({ document, operationName }: ExecutionArgs): OperationKind =>
    getOperationAST(document, operationName)?.operation ?? 'unknown'

  return {
    onParse:
      () =>
      ({ result }) => {
        if (result instanceof Error) metrics.operation('unknown', 'invalid')
      },
    onValidate:
      ({ params }) =>
      ({ valid }) => {
        if (!valid) metrics.operation(firstKind(params.documentAST as DocumentNode), 'invalid')
      },
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((async (args: ExecutionArgs) => {
        const began = performance.now()
        const [kind, ended] = [kindOf(args), () => performance.now() - began]
        try {
          const result = await executeFn(args)
          const became = resultOf(result)
          // What was refused took no time worth knowing.
          metrics.operation(kind, became, became === 'ok' || became === 'failed' ? ended() : undefined)
          return result
        } catch (error) {
          metrics.operation(kind, 'failed', ended())
          throw error
        }
      }) as never)
    },
    onSubscribe({ subscribeFn, setSubscribeFn }) {
      setSubscribeFn((async (args: ExecutionArgs) => {
        try {
          const result = await subscribeFn(args)
          metrics.operation('subscription', resultOf(result))
          return result
        } catch (error) {
          metrics.operation('subscription', 'failed')
          throw error
        }
      }) as never)
    },
  }
}

function firstKind({ definitions }: DocumentNode): OperationKind {
  const operation = definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  return operation?.kind === Kind.OPERATION_DEFINITION ? operation.operation : 'unknown'
}

const byCode: Record<string, OperationResult> = { FORBIDDEN: 'forbidden', RATE_LIMITED: 'rate_limited' }

/** By the worst of its errors: a bug of ours before all else. */
function resultOf({ errors = [] }: { errors?: readonly GraphQLError[] }): OperationResult {
  if (errors.length === 0) return 'ok'
  const told = errors.map(tellError)
  if (told.includes(null)) return 'failed'
  return byCode[String(told[0]?.extensions.code)] ?? 'invalid'
}
