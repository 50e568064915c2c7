/**
 * Saves a model, as another user where one is given, and prints the code of an error.
 *
 *     save-as.ts MODEL TARGET [UID GID]
 */
import { Model, SavedModelError } from "../../../../../runtime/index.js";

const [source = "", target = "", uid, gid] = process.argv.slice(2);
using model = Model.load(source);
if (uid !== undefined) {
  process.setgroups?.([]);
  process.setgid?.(Number(gid));
  process.setuid?.(Number(uid));
}
try {
  model.save(target);
  console.log("saved");
} catch (error) {
  if (!(error instanceof SavedModelError)) throw error;
  console.log(error.code);
}
