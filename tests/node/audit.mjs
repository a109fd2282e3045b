// Audits a server against the GraphQL-over-HTTP specification, with the public suite of graphql-http.
// One line per audit: ok, notice (a MAY is not met), warn (a SHOULD), error (a MUST). Passes when all are ok.

import { serverAudits } from 'graphql-http';
import { extraHeaders, takeArguments } from './common.mjs';

const [url] = takeArguments("HEADERS='{…}' node audit.mjs URL", 1);

const fetchFn = (address, init = {}) => fetch(address, { ...init, headers: { ...init.headers, ...extraHeaders } });

const audits = serverAudits({ url, fetchFn });
let passed = 0;
for (const audit of audits) {
  const { status, reason } = await audit.fn().catch(error => ({ status: 'error', reason: error.message }));
  passed += status === 'ok';
  console.log(`${status} ${audit.id} ${audit.name}${reason ? `: ${reason}` : ''}`);
}
console.log(`${passed}/${audits.length}`);
process.exitCode = passed === audits.length ? 0 : 1;
