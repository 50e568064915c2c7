/** `loop.js <client> <cases as JSON>`: calls a generated client, and measures each call. */
import type { CallCase } from "../contestants/case.js";
import { answer, type Call } from "./answer.js";
import { checkResult, clients } from "./cases.js";

const [client = "", json = "[]"] = process.argv.slice(2);
const load = clients[client];
if (load === undefined) throw new Error(`there is no client ${client}`);

const prepare = await load();
const calls = new Map<string, Call>();
for (const kase of JSON.parse(json) as CallCase[]) {
  try {
    const call = prepare(kase);
    await checkResult(kase, call);
    calls.set(kase.name, call);
  } catch (error) {
    // The others are measured all the same.
    calls.set(kase.name, () => {
      throw error;
    });
  }
}
await answer(calls);
