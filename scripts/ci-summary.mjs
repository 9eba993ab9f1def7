// Prints `N passed, N failed, N skipped` from vitest's JSON report; fails unless tests ran and
// none failed. A test file that could not be loaded counts as one failed test, and so does each of
// the other checks that failed, whose number is the second argument.
import { readFileSync } from "node:fs";

const [, , path, failedChecks = "0"] = process.argv;
let report = { testResults: [] };
try {
  report = JSON.parse(readFileSync(path, "utf8"));
} catch (error) {
  console.error(`no test report: ${error.message}`);
}

const count = { passed: 0, failed: Number(failedChecks), skipped: 0 };
for (const file of report.testResults) {
  let failedHere = 0;
  for (const test of file.assertionResults) {
    if (test.status === "passed") count.passed += 1;
    else if (test.status === "failed") failedHere += 1;
    else count.skipped += 1;
  }
  if (file.status === "failed" && failedHere === 0) failedHere = 1;
  count.failed += failedHere;
}

console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed === 0 && count.passed > 0 ? 0 : 1;
