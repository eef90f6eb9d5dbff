// Imports run downwards: main → app → graphql, dispatcher, feed → domains → events → bus → db.
// A domain's <name>.graphql.ts belongs to graphql; its <name>.ts knows nothing of it.
const graphql = '(^src/graphql/|\\.graphql\\.ts$|^src/http\\.ts$)'
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'environment-is-read-in-main',
      severity: 'error',
      from: { pathNot: '^src/main\\.ts$' },
      to: { path: '^src/main\\.ts$' },
    },
    {
      name: 'use-cases-know-no-graphql',
      severity: 'error',
      from: { path: '^src/', pathNot: `${graphql}|^src/(cli|console)/|^src/(app|main)\\.ts$` },
      to: { path: `${graphql}|node_modules/(@pothos|graphql)` },
    },
    {
      name: 'dispatcher-apart',
      severity: 'error',
      from: { path: '^src/dispatcher/' },
      to: { path: '^src/(graphql|feed|agents|contexts|context-files|deliveries|access)/' },
    },
    {
      name: 'db-is-the-ground',
      severity: 'error',
      from: { path: '^src/db/' },
      to: { path: '^src/', pathNot: '^src/(db/|signal\\.ts|log\\.ts)' },
    },
    {
      name: 'bus-on-the-ground',
      severity: 'error',
      from: { path: '^src/bus/' },
      to: { path: '^src/', pathNot: '^src/(bus/|log\\.ts)' },
    },
    {
      name: 'metrics-know-no-use-cases',
      severity: 'error',
      from: { path: '^src/metrics/' },
      to: { path: '^src/', pathNot: '^src/(metrics/|db/|bus/|log\\.ts|events/catalogue\\.ts)' },
    },
    {
      name: 'console-is-a-client-of-the-public-api',
      severity: 'error',
      from: { path: '^src/console/' },
      to: { path: '^src/', pathNot: '^src/console/' },
    },
    {
      name: 'nobody-imports-the-console',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/console/' },
      // Its typed documents are the public API's, for every client of it: the command line's too.
      to: { path: '^src/console/', pathNot: '^src/console/gql/' },
    },
    {
      name: 'events-below-domains',
      severity: 'error',
      from: { path: '^src/events/', pathNot: '\\.graphql\\.ts$' },
      to: { path: '^src/(agents|contexts|context-files|webhooks|deliveries|dispatcher|feed)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: 'generated',
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
}
