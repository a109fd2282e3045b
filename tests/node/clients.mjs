// Asks a server through the clients that front ends use, each set up as its manual says: Apollo Client, and urql by POST
// and by GET. Prints one line per client, `ok` or `error` with the data or the reason; passes when all agree.

import { isDeepStrictEqual } from 'node:util';
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client/core';
import { Client, fetchExchange } from '@urql/core';
import { extraHeaders as headers, takeArguments } from './common.mjs';

const [url, query] = takeArguments("HEADERS='{…}' node clients.mjs URL QUERY", 2);

const clients = {
  apollo: async () => {
    const client = new ApolloClient({ link: new HttpLink({ uri: url, headers }), cache: new InMemoryCache() });
    const { data } = await client.query({ query: gql(query) });
    return data;
  },
  'urql-post': () => urql(false),
  'urql-get': () => urql('force'),
};

async function urql(preferGetMethod) {
  const client = new Client({ url, exchanges: [fetchExchange], fetchOptions: { headers }, preferGetMethod });
  const { data, error } = await client.query(query, {}).toPromise();
  if (error) {
    throw error;
  }
  return data;
}

const answers = [];
for (const [name, ask] of Object.entries(clients)) {
  try {
    answers.push(withoutTypenames(await ask()));
    console.log(`ok ${name} ${JSON.stringify(answers.at(-1))}`);
  } catch (error) {
    console.log(`error ${name} ${error.message}`);
  }
}
const complete = answers.length === Object.keys(clients).length;
process.exitCode = complete && answers.every(answer => isDeepStrictEqual(answer, answers[0])) ? 0 : 1;

/** The same data as any client sees it: some add `__typename` to every object for their caches. */
function withoutTypenames(data) {
  return JSON.parse(JSON.stringify(data, (key, value) => (key === '__typename' ? undefined : value)));
}
