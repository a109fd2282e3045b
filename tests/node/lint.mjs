// Lints schemas with graphql-eslint. Prints one line per finding and passes when there is none.
//
// ESLint's own command refuses files above the folder of its configuration, and our schemas lie at the root.

import { basename, dirname, resolve } from 'node:path';
import { ESLint } from 'eslint';
import { takeArguments } from './common.mjs';
import { rulesFor } from './eslint.config.mjs';

const paths = takeArguments('node lint.mjs schema.graphql…', 1).map(path => resolve(path));

let findings = 0;
for (const path of paths) {
  // One at a time: each file is a schema of its own.
  const eslint = new ESLint({ cwd: dirname(path), overrideConfigFile: true, overrideConfig: rulesFor(path) });
  const [{ messages }] = await eslint.lintFiles([basename(path)]);
  for (const { line, column, ruleId, message } of messages) {
    console.log(`${basename(path)}:${line}:${column} ${ruleId} ${message.replaceAll(/\s+/g, ' ')}`);
  }
  findings += messages.length;
}
console.log(`${findings} findings`);
process.exitCode = findings === 0 ? 0 : 1;
