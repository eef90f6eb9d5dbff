import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  type ValueNode,
} from 'graphql'
import { DEFAULT_PAGE, MAX_PAGE } from '../page.ts'

/** What a mutation costs beside what it reads: a transaction. */
const MUTATION = 10
/** So many objects of introspection, which are in memory, weigh as one row. */
const INTROSPECTION_SHARE = 3

/** How many objects a list without paging holds, by Type.field. */
export type ListSizes = Readonly<Record<string, number>>

/** The values of a request's variables, as they came. */
export type Variables = Readonly<Record<string, unknown>> | null | undefined

/**
 * What an operation may read at most, in rows: an object weighs 1, a list its size times what it asks of each row, a
 * page `first` or `last`; a mutation 10 more, and 1 for each element of its lists. Scalars are free.
 * @throws Error when the schema has a list of objects that is neither a page nor in `sizes`: nobody knows its cost.
 */
export function createCost(schema: GraphQLSchema, sizes: ListSizes) {
  const lists = { ...introspectionSizes(schema), ...sizes }
  const unknown = listFields(schema).filter((name) => !(name in lists))
  if (unknown.length > 0) throw new Error(`no size is known of these lists: ${unknown.join(', ')}`)

  return function costOf(document: DocumentNode, operation: OperationDefinitionNode, variables: Variables): number {
    const fragments = new Map<string, FragmentDefinitionNode>()
    for (const node of document.definitions)
      if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node)
    const known = new Map<string, number>()
    const read = readerOf(operation, variables)
    const root = schema.getRootType(operation.operation)
    return Math.ceil(root ? costOfSelections(operation.selectionSet, root, 1) : 0)

    /** @param page rows of the connection that `type` may be. */
    function costOfSelections({ selections }: SelectionSetNode, type: GraphQLNamedType, page: number): number {
      let sum = 0
      for (const node of selections) {
        if (node.kind === Kind.FIELD) sum += costOfField(node, type, page)
        else if (node.kind === Kind.INLINE_FRAGMENT) {
          const on = node.typeCondition && schema.getType(node.typeCondition.name.value)
          sum += costOfSelections(node.selectionSet, on ?? type, page)
        } else sum += costOfFragment(node.name.value, page)
      }
      return sum
    }

    function costOfFragment(name: string, page: number): number {
      const id = `${name} ${page}`
      const before = known.get(id)
      if (before !== undefined) return before
      const fragment = fragments.get(name)
      const on = fragment && schema.getType(fragment.typeCondition.name.value)
      const cost = fragment && on ? costOfSelections(fragment.selectionSet, on, page) : 0
      known.set(id, cost)
      return cost
    }

    function costOfField(node: FieldNode, parent: GraphQLNamedType, page: number): number {
      const field = fieldOf(schema, parent, node.name.value)
      if (!field) return 0
      const type = getNamedType(field.type)
      const extra = parent === schema.getMutationType() ? MUTATION + listedIn(node, read) : 0
      if (!node.selectionSet || !isCompositeType(type)) return extra + (node.name.value === 'totalCount' ? 1 : 0)
      const inner = costOfSelections(node.selectionSet, type, pageOf(field, node, read))
      const cost = (isConnection(parent) ? page : (lists[`${parent.name}.${field.name}`] ?? 1)) * (1 + inner)
      if (isConnection(parent) && !isListType(getNullableType(field.type))) return extra + 1 + inner
      return extra + (isIntrospectionType(type) && !isIntrospectionType(parent) ? cost / INTROSPECTION_SHARE : cost)
    }
  }
}

const isConnection = (type: GraphQLNamedType) => isObjectType(type) && type.name.endsWith('Connection')

function fieldOf(
  schema: GraphQLSchema,
  parent: GraphQLNamedType,
  name: string,
): GraphQLField<unknown, unknown> | undefined {
  if (parent === schema.getQueryType()) {
    if (name === '__schema') return SchemaMetaFieldDef
    if (name === '__type') return TypeMetaFieldDef
  }
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined
}

/** Rows of the page that a field asks for. What the list will refuse counts as a full page. */
function pageOf(field: GraphQLField<unknown, unknown>, node: FieldNode, read: (node: ValueNode) => unknown): number {
  if (!field.args.some(({ name }) => name === 'first')) return 1
  const given = (wanted: string) => {
    const argument = node.arguments?.find(({ name }) => name.value === wanted)
    return argument && read(argument.value)
  }
  const size = given('first') ?? given('last') ?? DEFAULT_PAGE
  return typeof size === 'number' && size >= 0 && size <= MAX_PAGE ? size : MAX_PAGE
}

/** Elements of the lists among a field's arguments. */
function listedIn(node: FieldNode, read: (node: ValueNode) => unknown): number {
  let count = 0
  for (const { value } of node.arguments ?? []) {
    const given = value.kind === Kind.LIST ? value.values : read(value)
    if (Array.isArray(given)) count += given.length
  }
  return count
}

/** Reads numbers and variables, with their defaults; what is neither has no value. */
function readerOf({ variableDefinitions }: OperationDefinitionNode, variables: Variables) {
  const read = (node: ValueNode): unknown => {
    if (node.kind === Kind.INT) return Number(node.value)
    if (node.kind !== Kind.VARIABLE) return node.kind === Kind.NULL ? null : undefined
    const name = node.name.value
    if (variables && Object.hasOwn(variables, name)) return variables[name]
    const fallback = variableDefinitions?.find(({ variable }) => variable.name.value === name)?.defaultValue
    return fallback && read(fallback)
  }
  return read
}

/** Type.field of each list of objects that is no page. */
function listFields(schema: GraphQLSchema): string[] {
  return Object.values(schema.getTypeMap()).flatMap((type) =>
    (isObjectType(type) || isInterfaceType(type)) && !isConnection(type)
      ? Object.values(type.getFields())
          .filter((field) => isListType(getNullableType(field.type)) && isCompositeType(getNamedType(field.type)))
          .map((field) => `${type.name}.${field.name}`)
      : [],
  )
}

/** Introspection's lists at the size that they have in this schema, on the average. */
function introspectionSizes(schema: GraphQLSchema): Record<string, number> {
  const types = Object.values(schema.getTypeMap())
  const fields = types.flatMap((type) =>
    isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [],
  )
  const args = fields.reduce((sum, field) => sum + field.args.length, 0)
  const abstract = types.filter(isAbstractType)
  const possible = abstract.reduce((sum, type) => sum + schema.getPossibleTypes(type).length, 0)
  const each = (count: number, of: number) => Math.max(1, Math.ceil(count / Math.max(1, of)))
  return {
    '__Schema.types': types.length,
    '__Schema.directives': schema.getDirectives().length,
    '__Type.fields': each(fields.length, types.length),
    '__Type.interfaces': 1,
    '__Type.possibleTypes': each(possible, types.length),
    '__Type.enumValues': 2,
    '__Type.inputFields': 2,
    '__Field.args': each(args, fields.length),
    '__Directive.args': 2,
  }
}
