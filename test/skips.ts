import type { TestProject } from "vitest/node";

/** Tells at the end of a run what was not run, and why; a test that is skipped without a reason fails the run. */
export function tellSkips({ vitest }: TestProject): void {
  const { testNamePattern, bail = 0 } = vitest.config;
  // Then tests are skipped on request.
  if (testNamePattern !== undefined || bail > 0) return;
  const skipped = vitest.state
    .getTestModules()
    .flatMap((module) => [...module.children.allTests("skipped")])
    .map((test) => {
      const result = test.result();
      return { test, reason: result.state === "skipped" ? result.note : undefined };
    });
  const reasons = new Map<string, number>();
  for (const { reason } of skipped) if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const counts = [...reasons].map(([reason, count]) => `${count} ${count === 1 ? "test" : "tests"} (${reason})`);
  // The reporters have the other stream.
  if (counts.length > 0) process.stderr.write(`Not run: ${counts.sort().join(", ")}.\n`);
  // Those of a file that failed to start are skipped as well.
  if (vitest.state.getCountOfFailedTests() > 0 || process.exitCode) return;
  for (const { test, reason } of skipped) {
    if (reason !== undefined) continue;
    process.stderr.write(`Skipped without a reason: ${test.module.relativeModuleId} > ${test.fullName}\n`);
    process.exitCode = 1;
  }
}
