import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";

/** An answer in JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

export async function post(url: string, body: unknown, init: RequestInit = {}): Promise<Answer> {
  const headers = { "content-type": "application/json", ...init.headers };
  const response = await fetch(url, { ...init, method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text), headers: response.headers };
}

/** Asks again and again, until it is so. What is never so ends with the test's time. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await setTimeout(20);
}

/**
 * Sends requests on one connection, all in one piece: the server has read every one of them before it answers the first.
 *
 * @returns the heads of the answers, in their order
 */
export async function pipeline(port: number, path: string, body: unknown, count: number): Promise<readonly string[]> {
  const json = JSON.stringify(body);
  const head = [`POST ${path} HTTP/1.1`, "host: localhost", "content-type: application/json"];
  const request = [...head, `content-length: ${Buffer.byteLength(json)}`, "", json].join("\r\n");
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  await once(socket, "connect");
  socket.write(request.repeat(count));
  let text = "";
  for await (const chunk of socket) {
    text += chunk;
    if (headsIn(text).length === count) break;
  }
  return headsIn(text);
}

function headsIn(text: string): readonly string[] {
  return text.split(/(?=HTTP\/1\.1 \d{3} )/).filter((part) => part.includes("\r\n\r\n"));
}
