// Makes a link and tells where it stands, with types from the schema: see docs/graphql.md.
//
// usage: GRAPHQL_URL=… KEY=… JOB=… node links.js EXTERNAL_ID

import { graphql } from './generated/gql.js';
import type { CreateLinkInput, FailureCode, LinkStatus } from './generated/graphql.js';
import { call } from './call.js';

const CreateLink = graphql(`
  mutation CreateLink($input: CreateLinkInput!) {
    createLink(input: $input) {
      link { id linkUrl expiresAt }
      userErrors { code field message }
    }
  }
`);

const LinkNow = graphql(`
  query LinkNow($id: ID!) {
    link(id: $id) { status failure { code siteMessage retryable } metadata }
  }
`);

/** Makes a link; throws what is to be fixed. */
async function create(input: CreateLinkInput): Promise<string> {
  const { createLink } = await call(CreateLink, { input });
  if (!createLink.link) {
    const [first] = createLink.userErrors;
    throw new Error(`${first?.field?.join('.') ?? 'input'}: ${first?.message ?? 'refused'}`);
  }
  console.log(createLink.link.linkUrl, 'until', createLink.link.expiresAt);
  return createLink.link.id;
}

/** Words for a customer service. A status that is new to this program is shown as it is. */
function words(status: LinkStatus, code: FailureCode | undefined): string {
  switch (status) {
    case 'CREATED':
      return 'not opened yet';
    case 'COMPLETED':
      return 'done';
    case 'FAILED':
      return `failed: ${code ?? 'unknown'}`;
    default:
      return status.toLowerCase();
  }
}

const id = await create({
  externalId: process.argv[2] ?? 'customer-1',
  jobId: process.env['JOB'] ?? '',
  expiresIn: 'P1D',
  metadata: { order: 'A-17' },
});
const { link } = await call(LinkNow, { id });
if (link) console.log(words(link.status, link.failure?.code), link.metadata['order']);
