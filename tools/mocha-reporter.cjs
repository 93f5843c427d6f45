// mocha's own `spec` on the screen. Also writes the counts, per file too, to the file MOCHA_COUNTS, for `npm test`; and
// which tests passed, and the errors they saw (tests/said.ts), to .pulumi-state/tried, for docs/failures.md.
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const { basename, join } = require("node:path");
const { reporters, Runner } = require("mocha");

const folder = join(__dirname, "..", ".pulumi-state", "tried");

module.exports = class extends reporters.Spec {
  constructor(/** @type {any} */ runner, /** @type {any} */ options) {
    super(runner, options);
    const { EVENT_TEST_BEGIN, EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_RUN_END, EVENT_SUITE_BEGIN, EVENT_SUITE_END } =
      Runner.constants;
    /** @type {Map<string, Record<string, string[] | undefined>>} by test file and title; undefined if it failed */
    const files = new Map();
    const keep = (/** @type {any} */ test, /** @type {string[] | undefined} */ said) => {
      const file = basename(test.file ?? "");
      files.set(file, { ...files.get(file), [test.title]: said });
    };
    /** @type {Record<string, { passes: number, failures: number, ms: number }>} */
    const counted = {};
    const of = (/** @type {any} */ runnable) =>
      (counted[runnable.file ?? runnable.parent?.file ?? ""] ??= { passes: 0, failures: 0, ms: 0 });
    const count = (/** @type {any} */ runnable, /** @type {"passes" | "failures"} */ what) => {
      of(runnable)[what]++;
    };
    // Includes setup and teardown: creating and removing a stack.
    let begun = Date.now();
    runner.on(EVENT_SUITE_BEGIN, (/** @type {any} */ suite) => suite.parent?.root && (begun = Date.now()));
    runner.on(
      EVENT_SUITE_END,
      (/** @type {any} */ suite) => suite.parent?.root && (of(suite).ms += Date.now() - begun),
    );
    runner.on(EVENT_TEST_PASS, (/** @type {any} */ test) => count(test, "passes"));
    runner.on(EVENT_TEST_FAIL, (/** @type {any} */ test) => count(test, "failures"));
    const shared = /** @type {any} */ (globalThis);
    runner.on(EVENT_TEST_BEGIN, () => (shared.seapathSaid = []));
    runner.on(EVENT_TEST_PASS, (/** @type {any} */ test) => keep(test, shared.seapathSaid));
    runner.on(EVENT_TEST_FAIL, (/** @type {any} */ test) => keep(test, undefined));
    runner.once(EVENT_RUN_END, () => {
      const counts = process.env.MOCHA_COUNTS;
      if (counts) writeFileSync(counts, JSON.stringify({ ...this.stats, files: counted }));
      mkdirSync(folder, { recursive: true });
      for (const [file, tests] of files) {
        const path = join(folder, `${file}.json`);
        const before = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
        writeFileSync(path, JSON.stringify({ ...before, ...tests }, null, 1));
      }
    });
  }
};
