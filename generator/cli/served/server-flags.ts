import type { Command } from "commander";
import { SavedModelError } from "../../../runtime/base/errors.js";
import { quote } from "../../../runtime/base/text.js";
import { collect } from "../flags/repeated-flag.js";
import { parseServerUrl, SERVER_URLS, type ServerUrl } from "./server-url.js";

/** Options that go with the address of a served model. */
export interface ServerFlags {
  readonly header?: readonly string[];
  readonly modelVersion?: string;
}

/** A served model, and how it is asked for. */
export interface ServedModel extends ServerUrl {
  readonly headers: Readonly<Record<string, string>>;
  /** By default, the server chooses one. */
  readonly version?: string;
}

/**
 * Adds an option for the address of a served model, and those that go with it.
 *
 * @param option `--connect`
 * @param help what the option does
 */
export function addServerOptions(command: Command, option: string, help: string): Command {
  return command
    .option(`${option} <url>`, `${help}: ${SERVER_URLS}`, (text) => parseServerUrl(option, text))
    .option("--header <name:value>", `a header of each request to the server of ${option}; can be repeated`, collect)
    .option("--model-version <version>", `the version of the model of ${option} (default: the server chooses)`);
}

/**
 * Returns the served model that is asked for, if one is.
 *
 * @param option `--connect`
 * @throws SavedModelError `INVALID_OPTION`
 */
export function servedModelOf(
  option: string,
  url: ServerUrl | undefined,
  { header = [], modelVersion }: ServerFlags,
): ServedModel | undefined {
  if (url !== undefined) {
    const headers = Object.fromEntries(header.map(parseHeader));
    if (modelVersion !== undefined) checkVersion(url, modelVersion);
    return { ...url, headers, ...(modelVersion !== undefined && { version: modelVersion }) };
  }
  const given = header.length > 0 ? "--header" : modelVersion === undefined ? undefined : "--model-version";
  if (given === undefined) return undefined;
  throw new SavedModelError("INVALID_OPTION", `${given} is for a served model, and none was given`, {
    fix: `Pass its address with ${option}.`,
  });
}

/** @throws SavedModelError `INVALID_OPTION` */
function checkVersion({ protocol }: ServerUrl, version: string): void {
  if (protocol === "serving" ? /^\d{1,18}$/.test(version) : version !== "") return;
  const wanted = protocol === "serving" ? "a number, as TensorFlow Serving's versions are" : "the name of a version";
  throw new SavedModelError("INVALID_OPTION", `--model-version must be ${wanted}, got ${quote(version)}`);
}

/** @throws SavedModelError `INVALID_OPTION` */
function parseHeader(text: string): readonly [string, string] {
  const [, name, value] = /^([^:\s]+)[ \t]*:[ \t]*(.*)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  // The text may be a secret, and is not shown.
  throw new SavedModelError("INVALID_OPTION", "--header must be a name and a value with a colon between them", {
    fix: 'For example: --header "authorization: Bearer …".',
  });
}
