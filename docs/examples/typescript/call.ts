// One request, typed by its document. There is nothing in it that a library would not do as well.

import type { TypedDocumentString } from './generated/graphql.js';

interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/** Runs an operation and returns its data; throws the first top-level error, by its code. */
export async function call<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const response = await fetch(process.env['GRAPHQL_URL'] ?? 'http://127.0.0.1:8080/graphql', {
    method: 'POST',
    headers: { authorization: `Bearer ${process.env['KEY']}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: document.toString(), variables }),
  });
  const { data, errors } = (await response.json()) as Answer<Data>;
  if (errors?.[0] || !data) {
    throw new Error(`${errors?.[0]?.extensions?.code ?? response.status}: ${errors?.[0]?.message ?? ''}`);
  }
  return data;
}
