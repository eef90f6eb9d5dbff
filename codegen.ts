import type { CodegenConfig } from '@graphql-codegen/cli'

// Typed documents of the public API, for the console and the tests: what schema/operations asks is checked against
// schema/schema.graphql, and its answers have types.
export default {
  schema: 'schema/schema.graphql',
  documents: 'schema/operations/*.graphql',
  generates: {
    'src/console/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: { ID: 'string', DateTime: 'string', URL: 'string', JSON: 'unknown' },
        defaultScalarType: 'unknown',
      },
    },
  },
  emitLegacyCommonJSImports: false,
  importExtension: '.ts',
} satisfies CodegenConfig
