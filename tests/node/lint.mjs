// Lints a schema with graphql-eslint. Prints one line per finding and passes when there is none.
//
// One schema per run: the plugin keeps what it knows of the first it sees. And ESLint's own command refuses files above the
// folder of its configuration, where our schemas lie.

import { basename, dirname, resolve } from 'node:path';
import { ESLint } from 'eslint';
import { takeArguments } from './common.mjs';
import { rulesFor } from './eslint.config.mjs';

const [path] = takeArguments('node lint.mjs schema.graphql', 1).map(path => resolve(path));

const eslint = new ESLint({ cwd: dirname(path), overrideConfigFile: true, overrideConfig: rulesFor(path) });
const [{ messages }] = await eslint.lintFiles([basename(path)]);
for (const { line, column, ruleId, message } of messages) {
  console.log(`${basename(path)}:${line}:${column} ${ruleId} ${message.replaceAll(/\s+/g, ' ')}`);
}
console.log(`${messages.length} findings`);
process.exitCode = messages.length === 0 ? 0 : 1;
