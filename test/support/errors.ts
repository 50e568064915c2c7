import { expect } from "vitest";
import { type ErrorCode, SavedModelError } from "../../runtime/index.js";

/** The error that `run` throws, which must be a SavedModelError with this code. */
export function expectError(run: () => unknown, code: ErrorCode): SavedModelError {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  expect(thrown, "nothing was thrown").toBeInstanceOf(SavedModelError);
  const error = thrown as SavedModelError;
  expect(error.code, error.message).toBe(code);
  expect(error.message.startsWith(`${code}: `)).toBe(true);
  return error;
}

/** The error with which a promise rejects, which has to be a coded one. */
export async function expectRejection(promise: Promise<unknown>, code: ErrorCode): Promise<SavedModelError> {
  const error: unknown = await promise.then(
    (value) => value,
    (reason: unknown) => reason,
  );
  return expectError(() => {
    throw error;
  }, code);
}
