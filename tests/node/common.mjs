// What the scripts share. Each is called as `node SCRIPT.mjs ARGUMENT…` and exits with 0, 1 (found wanting) or 2 (called wrongly).

/** The arguments of the command line, or an end with the usage when some are missing. */
export function takeArguments(usage, count) {
  const given = process.argv.slice(2);
  if (given.length < count) {
    console.error(`usage: ${usage}`);
    process.exit(2);
  }
  return given;
}

/** Headers that each request carries besides its own: a JSON object in HEADERS. */
export const extraHeaders = JSON.parse(process.env.HEADERS ?? '{}');
