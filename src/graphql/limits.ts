import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql'

/** What one document may be. Counted with every fragment in the place where it is spread. */
export const limits = {
  /** Of the source text. */
  tokens: 2000,
  /** Fields within fields. GraphiQL's and codegen's introspection nests 15 levels. */
  depth: 16,
  /** Fields in all. */
  fields: 2000,
  aliases: 100,
  directives: 50,
  /** Times that one name may stand in one selection, inline fragments included: each pair of them is compared. */
  repeats: 20,
  /** Weight of what it may read; see cost.ts. */
  cost: 10_000,
} as const

export type Limit = keyof typeof limits

/** A document that goes beyond a limit, with the limit's name and value. */
export const beyond = (limit: Limit, message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED', limit, max: limits[limit] } })

/**
 * Parses a document that stays within the limits. All of this is done in one walk, before validation has its turn:
 * what a fragment holds is counted once and remembered, so that a bomb of fragments costs no more than its text.
 * @throws GraphQLError for a syntax error, and with the code LIMIT_EXCEEDED.
 */
export function parseWithin(source: string): DocumentNode {
  let document: DocumentNode
  try {
    document = parse(source, { maxTokens: limits.tokens })
  } catch (error) {
    if (!/Parsing aborted/.test((error as Error).message)) throw error
    throw beyond('tokens', `A document may have at most ${limits.tokens} tokens`)
  }
  assertWithin(document)
  return document
}

interface Size {
  depth: number
  fields: number
  aliases: number
  directives: number
}

function assertWithin(document: DocumentNode): void {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node)
  const known = new Map<string, Size | 'being measured'>()

  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) check(sizeOfFragment(node.name.value))
    else if (node.kind === Kind.OPERATION_DEFINITION) {
      const size = sizeOf(node.selectionSet)
      check({ ...size, directives: size.directives + (node.directives?.length ?? 0) })
    }
  }

  function sizeOfFragment(name: string): Size {
    const size = known.get(name)
    // Validation would refuse it too, later and in many words.
    if (size === 'being measured') throw new GraphQLError(`The fragment ${name} holds itself`)
    if (size) return size
    const node = fragments.get(name)
    if (!node) return { depth: 0, fields: 0, aliases: 0, directives: 0 }
    known.set(name, 'being measured')
    const measured = sizeOf(node.selectionSet)
    known.set(name, measured)
    return measured
  }

  /** @param names how often each stands in the selection that this is part of. */
  function sizeOf({ selections }: SelectionSetNode, names = new Map<string, number>()): Size {
    const total: Size = { depth: 0, fields: 0, aliases: 0, directives: 0 }
    for (const node of selections) {
      let inner: Size | null = null
      total.directives += node.directives?.length ?? 0
      if (node.kind === Kind.FRAGMENT_SPREAD) inner = sizeOfFragment(node.name.value)
      else if (node.kind === Kind.INLINE_FRAGMENT) inner = sizeOf(node.selectionSet, names)
      else {
        const name = node.alias?.value ?? node.name.value
        const repeats = (names.get(name) ?? 0) + 1
        names.set(name, repeats)
        if (repeats > limits.repeats) {
          throw beyond('repeats', `A selection may name a field at most ${limits.repeats} times`)
        }
        total.fields++
        if (node.alias) total.aliases++
        if (node.selectionSet) inner = sizeOf(node.selectionSet)
      }
      const level = node.kind === Kind.FIELD ? 1 : 0
      total.depth = Math.max(total.depth, level + (inner?.depth ?? 0))
      total.fields += inner?.fields ?? 0
      total.aliases += inner?.aliases ?? 0
      total.directives += inner?.directives ?? 0
    }
    return total
  }
}

const words = { depth: 'nest its fields at most {} deep', fields: 'ask for at most {} fields' } as const

function check(size: Size): void {
  for (const limit of ['depth', 'fields', 'aliases', 'directives'] as const) {
    if (size[limit] <= limits[limit]) continue
    const rule = limit in words ? words[limit as keyof typeof words] : `have at most {} ${limit}`
    throw beyond(limit, `A document may ${rule.replace('{}', String(limits[limit]))}`)
  }
}
