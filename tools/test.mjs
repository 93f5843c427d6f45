// `npm test`: lint and types while the lab is created, then the lab tests, with the unit tests beside those that mostly
// wait. The last line is the result.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { defaultRelease, releaseOf } from "../lab/release.mjs";
import { npmBin, pulumiEnvironment, root, stateFolder, withinLab } from "./env.mjs";
import { chosenTests, labFiles } from "./chosen.mjs";
import { lab } from "./lab.mjs";
import { command, step, StepError } from "./steps.mjs";
import { prepare } from "./toolchain/prepare.mjs";

/** The number of slowest files to list at the end. */
const SLOWEST = 25;

/**
 * How many test files may pass only on a retry: other programs on the same three nodes do not always behave the same.
 */
const FLAKY = 2;

/** @param {string[]} args as `chosenTests` takes them. The lab is that of the selected release. */
export async function test(args) {
  const { unitOnly, tellingOnly, ofLab, ofMocha } = chosenTests(args);
  const count = { passed: 0, failed: 0 };
  let testsRun = 0;
  /** Lab test files with failures. @type {Map<string, { passes: number, failures: number }>} */
  const unsettled = new Map();

  /** The duration of each file. @type {Map<string, number>} */
  const times = new Map();

  /** Counts one check that passes or fails. @param {Promise<unknown>} work */
  const check = (work) =>
    work.then(
      () => void count.passed++,
      () => void count.failed++,
    );
  /** @param {string} kind @param {string[]} files @param {Promise<unknown>} after */
  const suite = async (kind, files, after) => {
    try {
      await after;
      if (files.length === 0) return;
      const { passes, failures, files: each } = await mocha(kind, files, ofMocha, await node);
      testsRun += passes + failures;
      count.passed += passes;
      count.failed += failures;
      for (const [file, counts] of Object.entries(each)) {
        times.set(file, counts.ms);
        if (kind.startsWith("lab") && counts.failures > 0) unsettled.set(file, counts);
      }
    } catch (error) {
      if (!(error instanceof StepError)) console.error(error);
      count.failed++;
    }
  };

  /** Retries what failed while others used the same three nodes, alone on the lab; that result counts. */
  const tryAgain = async () => {
    const files = [...unsettled.keys()].filter((file) => file !== "");
    for (const counts of [...unsettled].filter(([file]) => file !== "").map(([, each]) => each)) {
      testsRun -= counts.passes + counts.failures;
      count.passed -= counts.passes;
      count.failed -= counts.failures;
    }
    console.log(
      `· lab        ${files.length} files of tests had failures, and are tried again by themselves: ${files.map((file) => relative(root, file)).join(", ")}`,
    );
    unsettled.clear();
    await suite("lab again", files, Promise.resolve());
    const flaky = files.filter((file) => !unsettled.has(file));
    if (flaky.length > 0)
      console.log(
        `· flaky      ${flaky.length} files failed, and passed when tried again: ${flaky.map((file) => relative(root, file)).join(", ")}`,
      );
    if (flaky.length <= FLAKY) return;
    console.log(`✗ flaky      more than ${FLAKY}: tests that only pass when they are tried again hide what is broken`);
    count.failed++;
  };

  const { node, debian, built, cli } = prepare({ lab: true, pulumi: true });
  // Tests that distinguish labs run in addition to a full run, so skip what is the same on each lab.
  const work = tellingOnly
    ? []
    : [
        check(node.then(() => tool("lint", ["eslint", "."]))),
        check(node.then(() => tool("format", ["prettier", "--check", "."]))),
        check(
          node.then((program) =>
            step("lint of Python", ({ log }) =>
              command([program, "tools/lint/python.mjs"], { cwd: root, log }).then(() => {}),
            ),
          ),
        ),
        check(built.then(() => tool("types", ["tsc", "-p", "tsconfig.tools.json"]))),
        // Pulumi compiles them without type checks.
        check(built.then(() => tool("types of programs", ["tsc", "-p", "tsconfig.programs.json"]))),
      ];
  /** They use no cluster, only its tools: cibadmin on a file, an sshd of their own, the Pulumi CLI. */
  const tools = Promise.all([built, debian, cli]);
  if (!unitOnly) {
    const up = Promise.all([node, debian]).then(([node]) => lab(node, "up", ofLab));
    const ready = Promise.all([up, cli, built]);
    // Two at a time, because a lab test mostly waits. Tests that disturb others (they cut power, fill the pool, put
    // nodes into standby) are in a folder of their own, and run after the others.
    const left = labFiles("", tellingOnly);
    // Each takes the next file when it has finished one, so that both end at about the same time, however long some
    // files take.
    const take = async () => {
      for (let file; (file = left.shift()) !== undefined;)
        await suite(`lab ${basename(file, ".test.ts")}`, [file], Promise.resolve());
    };
    const streams = [0, 1].map(() => ready.then(take));
    const shared = Promise.allSettled(streams);
    // These wait for nodes to come back; meanwhile a processor is free for the unit tests.
    work.push(
      suite("lab", [], ready),
      ...streams.map((each) => each.catch(() => {})),
      suite(
        "lab alone",
        labFiles("alone", tellingOnly),
        shared.then(() => ready),
      ),
    );
    if (!tellingOnly)
      work.push(
        suite(
          "unit",
          unitFiles(),
          shared.then(() => tools),
        ),
      );
  } else {
    work.push(...halvesOf(unitFiles()).map((files, half) => suite(`unit ${half + 1}`, files, tools)));
  }
  await Promise.all(work);
  console.log(
    `· time       ${[...times]
      .sort(([, a], [, b]) => b - a)
      .slice(0, SLOWEST)
      .map(([file, ms]) => `${relative(join(root, "tests"), file).replace(".test.ts", "")} ${Math.round(ms / 1000)} s`)
      .join(", ")}`,
  );
  if (unsettled.size > 0) await tryAgain();
  if (!unitOnly) await leaveLab(node);

  if (testsRun === 0) {
    console.log("✗ no test ran");
    count.failed++;
  }
  console.log(`${count.passed} passed, ${count.failed} failed`);
  return count.failed ? 1 : 0;
}

/** In CI, no one inspects the lab afterwards. @param {Promise<string>} node */
async function leaveLab(node) {
  if (process.env.CI) await node.then((program) => lab(program, "down")).catch(() => {});
  else {
    const release = releaseOf(process.env);
    const more = release === defaultRelease ? "" : ` --release ${release}`;
    console.log(`· lab        stays up: \`npm run lab -- status${more}\`, \`npm run lab -- down${more}\``);
  }
}

/** @param {string} name @param {string[]} argv an npm program */
function tool(name, [program = "", ...args]) {
  return step(name, ({ log }) =>
    command([join(npmBin, program), ...args], { cwd: root, log, env: pulumiEnvironment() }).then(() => {}),
  );
}

/**
 * Splits files that run two at a time into two halves; alternating by pairs makes them about equally long.
 * @param {string[]} files
 */
const halvesOf = (files) => [0, 1].map((half) => files.filter((_, index) => (index >> 1) % 2 === half));

const unitFiles = () =>
  readdirSync(join(root, "tests/unit"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .sort()
    .map((name) => `tests/unit/${name}`);

/** @param {string} kind what to call them @param {string[]} files paths or patterns @param {string[]} args @param {string} node
 * @returns {Promise<{ passes: number, failures: number, files: Record<string, { passes: number, failures: number, ms: number }> }>} */
function mocha(kind, files, args, node) {
  return step(`${kind} tests`, async ({ log, done, failed }) => {
    mkdirSync(stateFolder, { recursive: true });
    const counts = join(stateFolder, `${kind.replaceAll(" ", "-")}-tests.json`);
    const onLab = kind.startsWith("lab");
    rmSync(counts, { force: true });
    const { code } = await command(
      [
        ...(onLab ? withinLab(node, [join(npmBin, "mocha")]) : [join(npmBin, "mocha")]),
        "--reporter",
        "tools/mocha-reporter.cjs",
        ...files,
        // A lab test that hit its time limit may keep querying for long; the unit tests check that nothing stays open.
        ...(process.stdout.isTTY ? ["--color"] : ["--no-color"]),
        ...(onLab ? ["--exit"] : []),
        ...args,
      ],
      // Unit tests run beside other steps, so their output is printed as a whole below. Two lab tests may run at once,
      // so each line names its test.
      {
        cwd: root,
        log,
        okay: [...Array(256).keys()],
        line: onLab ? (text) => console.log(`${kind} │ ${text}`) : undefined,
        env: {
          ...pulumiEnvironment(),
          MOCHA_COUNTS: counts,
          NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --require ${JSON.stringify(join(root, "tools/lazy-modules.cjs"))}`,
        },
      },
    ).then((end) => {
      if (!onLab) console.log(end.output);
      return end;
    });
    if (!existsSync(counts))
      throw new StepError(`mocha did not get to an end (exit ${code}); all of its output: ${log}`);
    /** @type {{ passes: number, failures: number, files: Record<string, { passes: number, failures: number, ms: number }> }} */
    const { passes, failures, files: each } = JSON.parse(readFileSync(counts, "utf8"));
    if (code !== 0 && failures === 0) throw new StepError(`mocha failed (exit ${code}) though no test did`);
    (failures ? failed : done)(`${passes} passed, ${failures} failed`);
    return { passes, failures, files: each };
  });
}
