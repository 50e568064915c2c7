import { needs } from "../needs.js";
import { SERVERS, type ServerName } from "./installed-servers.js";

/**
 * Skips the tests of a `describe` unless a variable names a Python that has a server; `npm run conformance` sets it.
 *
 * @returns the interpreter
 */
export function needsServer(name: ServerName): string {
  const { title, variable } = SERVERS[name];
  const python = process.env[variable] ?? "";
  needs(python !== "", `\`npm run conformance\` runs ${title}; or a Python with it is named in ${variable}`);
  return python;
}
