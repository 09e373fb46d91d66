// Starts GraphiQL. Queries and mutations go by POST; subscriptions are followed by server-sent events, because
// these take the key from the headers editor like any other request.
'use strict';

const URL_OF_THE_API = '/graphql';

const FIRST_QUERY = `# Put your API key in "Headers" below:  { "Authorization": "Bearer psk_…" }
# then press the play button, or Ctrl-Enter. The circled arrow on the left reads the schema again.

{
  viewer {
    name
    scopes
  }
}
`;

// The server knows a subscription when it sees one: only then the answer is a stream of events.
async function fetcher(params, { headers } = {}) {
  const stop = new AbortController();
  const answer = await fetch(URL_OF_THE_API, {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json, text/event-stream',
    },
    body: JSON.stringify(params),
    signal: stop.signal,
  });
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream');
  return isStream ? subscription(answer, stop) : answer.json();
}

// The results of a subscription; to stop it ends the request, also while it waits.
function subscription(answer, stop) {
  const results = follow(answer, stop.signal);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => results.next(),
    return() {
      stop.abort();
      return results.return();
    },
  };
}

async function* follow(answer, signal) {
  try {
    let text = '';
    for await (const piece of pieces(answer.body.pipeThrough(new TextDecoderStream()))) {
      const events = (text + piece).split('\n\n');
      text = events.pop();
      for (const event of events.map(read)) {
        if (event.event === 'complete') return;
        if (event.event === 'next') yield JSON.parse(event.data);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function* pieces(stream) {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function read(event) {
  const lines = event.split('\n').filter((line) => line && !line.startsWith(':'));
  return Object.fromEntries(lines.map((line) => [line.split(':', 1)[0], line.slice(line.indexOf(':') + 1).trim()]));
}

ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: FIRST_QUERY,
    defaultEditorToolsVisibility: 'headers',
    defaultHeaders: '{ "Authorization": "Bearer " }',
  }),
);
