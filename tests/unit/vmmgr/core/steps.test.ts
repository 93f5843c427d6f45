import assert from "node:assert/strict";
import { errors, steps } from "../form/specs.ts";

const { runSteps } = steps;
const { ChangeFailed } = errors;
const COUNT = 5;

/** Five steps on a small world; the chosen ones fail, before or after they took effect. */
function world(failing: { act?: number; half?: boolean; undo?: number[] } = {}) {
  const done = new Set<number>();
  const log: string[] = [];
  const made = Array.from({ length: COUNT }, (_, index) => ({
    name: `step ${index}`,
    act: () => {
      log.push(`act ${index}`);
      if (failing.act === index && !failing.half) return Promise.reject(new Error("broken"));
      done.add(index);
      return failing.act === index ? Promise.reject(new Error("broken")) : Promise.resolve();
    },
    undo: () => {
      log.push(`undo ${index}`);
      if (failing.undo?.includes(index)) return Promise.reject(new Error("stuck"));
      done.delete(index);
      return Promise.resolve();
    },
  }));
  return { done, log, made };
}

describe("a change in steps", () => {
  it("does all of them in order", async () => {
    const { done, log, made } = world();
    await runSteps("what", made);
    assert.deepEqual(log, ["act 0", "act 1", "act 2", "act 3", "act 4"]);
    assert.equal(done.size, COUNT);
  });

  for (let index = 0; index < COUNT; index++) {
    for (const half of [false, true]) {
      it(`is undone, the last first, when step ${index} fails ${half ? "after" : "before"} it took effect`, async () => {
        const { done, log, made } = world({ act: index, half });
        const error = await runSteps("Unable to x", made).then(
          () => undefined,
          (failure: unknown) => failure,
        );
        assert.ok(error instanceof ChangeFailed);
        assert.deepEqual(
          [error.step, error.left, error.message],
          [`step ${index}`, [], `Unable to x: step ${index}: broken`],
        );
        const back = Array.from({ length: index + 1 }, (_, at) => `undo ${index - at}`);
        assert.deepEqual(log.slice(index + 1), back);
        assert.deepEqual([...done], []);
        for (const each of made) await each.undo();
        assert.deepEqual([...done], []);
      });
    }
  }

  it("goes on undoing when an undo fails, and says what is left", async () => {
    const { done, made } = world({ act: 3, undo: [2, 0] });
    const error = await runSteps("Unable to x", made).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    assert.ok(error instanceof ChangeFailed);
    assert.deepEqual(error.left, ['"step 2" could not be undone (stuck)', '"step 0" could not be undone (stuck)']);
    assert.match(error.message, /Left behind: "step 2"/);
    assert.match(error.hint ?? "", /pulumi destroy/);
    assert.deepEqual([...done].sort(), [0, 2]);
  });

  it("keeps the cause, and the cause's own hint when nothing is left", async () => {
    const cause = new errors.NotOwned("taken", "x", "Choose another.");
    const failing = [{ name: "look", act: () => Promise.reject(cause), noUndo: "it only looks" }];
    const error = await runSteps("Unable to x", failing).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    assert.ok(error instanceof ChangeFailed);
    assert.equal(error.cause, cause);
    assert.equal(error.hint, "Choose another.");
  });
});
