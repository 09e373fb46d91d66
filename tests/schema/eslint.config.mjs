// The rules for schema.graphql: what @graphql-eslint recommends for schemas and for Relay. What is not kept has its
// reason beside it.

import plugin from '@graphql-eslint/eslint-plugin';

const recommended = plugin.configs['flat/schema-recommended'].rules;
const relay = plugin.configs['flat/schema-relay'].rules;

export default [
  {
    files: ['schema.graphql'],
    languageOptions: { parser: plugin.parser, parserOptions: { graphQLConfig: { schema: 'schema.graphql' } } },
    plugins: { '@graphql-eslint': plugin },
    rules: {
      ...recommended,
      ...relay,
      // More than is recommended: every element is described, not only types and root fields.
      '@graphql-eslint/require-description': ['error', {
        types: true,
        rootField: true,
        FieldDefinition: true,
        EnumValueDefinition: true,
        InputValueDefinition: true,
        DirectiveDefinition: true,
        // The one argument of every mutation: its type says what it is.
        ignoredSelectors: [
          'InputValueDefinition[name.value=input][parent.parent.name.value=Mutation]',
          // Of directives that GraphQL itself defines.
          'DirectiveDefinition > InputValueDefinition',
        ],
      }],
      // `Link.linkUrl` is the contract's name.
      '@graphql-eslint/no-typename-prefix': 'off',
      // Values have no id: payloads, pages and their edges, failures, steps, counts.
      '@graphql-eslint/strict-id-in-types': ['error', {
        acceptedIdNames: ['id'],
        acceptedIdTypes: ['ID'],
        exceptions: {
          suffixes: ['Payload', 'Connection', 'Edge'],
          types: [
            'Branding', 'DeliveryAttempt', 'EndpointStats', 'Failure', 'LinkStatusChange', 'PageInfo', 'PromptSummary',
            'RunFile', 'RunStep', 'Session', 'UserError', 'Workflow', 'WorkspaceLimits',
          ],
        },
      }],
      // Lists are read forwards; only `links` is also read from its end.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      // Attempts are numbered within their delivery and have no id of their own; `nodes` is a list of nodes.
      '@graphql-eslint/relay-edge-types': ['error', {
        withEdgeSuffix: true,
        shouldImplementNode: false,
        listTypeCanWrapOnlyEdgeType: false,
      }],
    },
  },
];
