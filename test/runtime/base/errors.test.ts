import { expect, it } from "vitest";
import { SavedModelError } from "../../../runtime/index.js";

it("every error is a SavedModelError with a code and a message that starts with it", () => {
  const error = new SavedModelError("INVALID_SHAPE", "it does not fit", { fix: "Make it fit." });
  expect({ ...error, message: error.message }).toMatchObject({
    code: "INVALID_SHAPE",
    message: "INVALID_SHAPE: it does not fit. Make it fit.",
    rawMessage: "it does not fit",
    fix: "Make it fit.",
  });
});
