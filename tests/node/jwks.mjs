// What jose makes of a token with the keys that the server publishes; as JSON, with what it says of almost right ones.
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { takeArguments } from './common.mjs';

const [jwks, token, issuer, audience] = takeArguments('node jwks.mjs JWKS_URL TOKEN ISSUER AUDIENCE', 4);
const keys = createRemoteJWKSet(new URL(jwks));

const { payload, protectedHeader: header } = await jwtVerify(token, keys, { issuer, audience });

const changed = token.slice(0, -8) + (token.at(-8) === 'A' ? 'B' : 'A') + token.slice(-7);
const attempts = {
  'another issuer': [token, { issuer: 'else', audience }],
  'another audience': [token, { issuer, audience: 'else' }],
  'another signature': [changed, { issuer, audience }],
};
const others = {};
for (const [name, [text, expected]] of Object.entries(attempts)) {
  others[name] = await jwtVerify(text, keys, expected).then(
    () => 'verified',
    (error) => error.code,
  );
}
console.log(JSON.stringify({ header, payload, others }));
