// What we hold our schemas to: the recommended rules, Relay's, and a few that keep mutations and nullability in shape.

import graphql from '@graphql-eslint/eslint-plugin';

const rules = {
  ...graphql.configs['flat/schema-recommended'].rules,
  ...graphql.configs['flat/schema-relay'].rules,

  // Each mutation takes exactly one `input`; its type is named after the mutation.
  '@graphql-eslint/input-name': ['error', { checkInputType: true, caseSensitiveInputType: false }],
  '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
  // A root field that fails answers null, so that its neighbours in the same operation still answer.
  '@graphql-eslint/require-nullable-result-in-root': 'error',
  '@graphql-eslint/require-nullable-fields-with-oneof': 'error',
  '@graphql-eslint/require-description': [
    'error',
    { types: true, rootField: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true },
  ],

  // What has no life of its own needs no id, nor does the one tenant that a tenant's API speaks of, with its domains.
  '@graphql-eslint/strict-id-in-types': [
    'error',
    {
      acceptedIdNames: ['id'],
      acceptedIdTypes: ['ID'],
      exceptions: { types: ['PageInfo', 'UserError', 'Tenant', 'Domain'], suffixes: ['Connection', 'Edge', 'Payload', 'Error'] },
    },
  ],
  // Small bounded lists stay plain lists, and connections offer `nodes` beside `edges`.
  '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
};

/** The configuration for one schema file, which is checked against itself. */
export function rulesFor(schema) {
  return [
    {
      files: ['**/*.graphql'],
      languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema } } },
      plugins: { '@graphql-eslint': graphql },
      rules,
    },
  ];
}
