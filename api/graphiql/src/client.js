import { createGraphiQLFetcher } from '@graphiql/toolkit';

const ENDPOINT = '/graphql';

/** The headers that every request carries: which tenant is asked, and who asks. */
export function headersFor(config, tenant, token) {
  return {
    ...(tenant && { [config.tenantHeader]: tenant }),
    ...(token && { Authorization: `Bearer ${token}` }),
  };
}

/**
 * A fetcher for GraphiQL. The headers go into the fetcher itself, because the request for the schema carries no other.
 * `onProblem` hears of answers that refuse the tenant or the token, and gets `null` when all is well again.
 *
 * Subscriptions: give `createGraphiQLFetcher` a `wsClient` here, made by `graphql-ws` with the headers as `connectionParams`.
 */
export function createFetcher(headers, onProblem) {
  const observed = async (url, init) => {
    const response = await fetch(url, init).catch(error => {
      onProblem({ code: 'NO_ANSWER', message: `The server cannot be reached (${error.message}).` });
      throw error;
    });
    onProblem(await refusal(response));
    return response;
  };
  return createGraphiQLFetcher({ url: ENDPOINT, headers, fetch: observed, enableIncrementalDelivery: false });
}

/** Signs in at the tenant and resolves to an access token; rejects with what the server says is wrong. */
export async function login(headers, email, password) {
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headers },
    body: JSON.stringify({ query: LOGIN, variables: { input: { email, password } } }),
  });
  const { data, errors } = await response.json();
  const payload = data?.login;
  if (payload?.accessToken) {
    return payload.accessToken;
  }
  throw new Error((errors ?? payload?.userErrors)?.[0]?.message ?? `The server answered ${response.status}.`);
}

const LOGIN = 'mutation SignIn($input: LoginInput!) { login(input: $input) { accessToken userErrors { message } } }';

/** What an answer says against the tenant or the token. Errors of the query itself are GraphiQL's to show. */
async function refusal(response) {
  if (response.ok) {
    return null;
  }
  const answer = await response.clone().json().catch(() => null);
  const [error] = answer?.errors ?? [{ message: `The server answered ${response.status}, not in GraphQL.` }];
  const code = error.extensions?.code ?? `HTTP_${response.status}`;
  const aboutTheCaller = code.startsWith('TENANT_') || code === 'UNAUTHENTICATED' || !answer;
  return aboutTheCaller ? { code, message: error.message } : null;
}
