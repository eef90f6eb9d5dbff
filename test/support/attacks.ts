const many = (count: number, of: (index: number) => string) => Array.from({ length: count }, (_, i) => of(i)).join(' ')
const doubling = `{ ...f0 } ${many(20, (i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`)} fragment f20 on Query { app { id } }`
/** Introspection of the types of a type's fields, so many times over. */
export const typeChain = (depth: number): string =>
  depth === 0 ? 'name' : `fields { type { ${typeChain(depth - 1)} } }`

const documents: [name: string, limit: string, query: string, variables?: object][] = [
  ['20 levels of doubled fragments', 'fields', doubling],
  ['5,000 aliases', 'tokens', `{ ${many(5000, (i) => `a${i}: app { id }`)} }`],
  ['300 aliases', 'aliases', `{ ${many(300, (i) => `a${i}: __typename`)} }`],
  [
    '101 aliases in fragments',
    'aliases',
    `{ ...f ...f } fragment f on Query { ${many(51, (i) => `a${i}: __typename`)} }`,
  ],
  ['100,000 nested fields', 'tokens', '{a'.repeat(100_000)],
  ['17 nested fields', 'depth', `${'{ a '.repeat(17)} ${'}'.repeat(17)}`],
  [
    'nesting by fragments',
    'depth',
    `{ ...f0 } ${many(17, (i) => `fragment f${i} on A { a { ...f${i + 1} } }`)} fragment f17 on A { a }`,
  ],
  ['one field over and over', 'repeats', `{ ${'__typename '.repeat(1000)} }`],
  ['one field in inline fragments', 'repeats', `{ ${'... { agents { nodes { id } } } '.repeat(100)} }`],
  ['directives', 'directives', `{ app ${'@skip(if: false) '.repeat(51)} { id } }`],
  [
    'lists in lists in lists',
    'cost',
    '{ agents(first: 100) { nodes { contexts { files(first: 100) { nodes { id } } } } } }',
  ],
  [
    'lists in lists, by variables',
    'cost',
    'query ($n: Int = 100) { contexts(first: $n) { nodes { files(first: $n) { nodes { id } } } } }',
  ],
  [
    'lists in lists, by an edge and a fragment',
    'cost',
    '{ contexts(first: 100) { ...c } } fragment c on ContextConnection { edges { node { files(first: 100) { edges { cursor node { id } } } } } }',
  ],
  [
    'a huge page within a page',
    'cost',
    '{ contexts(first: 100) { nodes { files(first: 2147483647) { nodes { id } } } } }',
  ],
  ['a negative page within a page', 'cost', '{ contexts(first: 100) { nodes { files(first: -1) { nodes { id } } } } }'],
  [
    'mutations in bulk',
    'cost',
    `mutation { ${many(99, (i) => `a${i}: contextFilesCreate(inputs: $x) { __typename }`)} }`,
  ],
  ['introspection of types of types', 'depth', `{ __schema { types { ${typeChain(8)} } } }`],
  [
    'introspection, many times',
    'cost',
    `{ ${many(20, (i) => `a${i}: __schema { ...s }`)} } fragment s on __Schema { types { fields { name args { name type { name } } type { name ofType { name ofType { name ofType { name } } } } } possibleTypes { name } inputFields { name } } }`,
  ],
]
// The variable is declared where it is used, so that the document is valid but for its cost.
const bulk = { x: Array.from({ length: 500 }, () => ({ contextId: 'x', name: 'x', mimeType: 'x' })) }
/** Documents that are too much, each with the limit that it breaks. */
export const attacks = documents.map(([name, limit, query, variables]) =>
  name === 'mutations in bulk'
    ? ([name, limit, query.replace('mutation', 'mutation ($x: [ContextFileCreateInput!]!)'), bulk] as const)
    : ([name, limit, query, variables] as const),
)
