/** A resource that the engine makes anew by a decision of its own: in which order what is called, and what comes of it. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import type { Kind } from "../../../../provider/dist/resources/engine/kind.js";

const require = createRequire(import.meta.url);
const { z } = require("zod") as typeof import("zod");
const { providerOf } =
  require("../../../../provider/dist/resources/index.js") as typeof import("../../../../provider/dist/resources/index.js");

interface Inputs {
  name: string;
  owner: string;
  cluster?: string | undefined;
  timeouts: { create: number; update: number; delete: number };
}
type Raw = Record<string, unknown>;

/** A kind whose things are the entries of a map. */
function made(more: Partial<Kind<Inputs>> = {}) {
  const things = new Map<string, number>();
  const said: string[] = [];
  const back: string[] = [];
  let count = 0;
  const seen = (inputs: Inputs) => ({ inputs, outputs: { number: things.get(inputs.name) } });
  const kind: Kind<Inputs> = {
    type: "seapath.Thing",
    noun: "thing",
    outputs: ["number"],
    replacedBy: ["name"],
    schema: z.strictObject({
      name: z.string(),
      owner: z.string(),
      cluster: z.string().optional(),
      timeouts: z.any(),
    }) as unknown as Kind<Inputs>["schema"],
    withDefaults: (inputs) => inputs,
    idOf: ({ name }) => name,
    // What is its own it takes up: a run may have lost track of it.
    create: (_context, inputs) => (
      things.has(inputs.name) || things.set(inputs.name, ++count),
      Promise.resolve(seen(inputs))
    ),
    read: (_cluster, id, before) => Promise.resolve(things.has(id) ? seen(before) : undefined),
    update: (_context, _id, inputs) => Promise.resolve(seen(inputs)),
    delete: (_context, id) => (things.delete(id), Promise.resolve()),
    comesBack: ({ name }) => void back.push(name),
    ...more,
  };
  return {
    provider: providerOf(kind, { cluster: () => ({}) as never, say: (text) => said.push(text) }),
    things,
    said,
    back,
  };
}
const news: Raw = { name: "a", owner: "p/s/one" };
const stateOf = async ({ provider }: ReturnType<typeof made>, inputs = news) =>
  (await provider.create(((await provider.check!({}, inputs)).inputs ?? {}) as Raw)).outs as Raw;
/** The next run of the same program, over what there is. */
const next = (run: ReturnType<typeof made>, more: Partial<Kind<Inputs>> = {}) => {
  const later = made(more);
  for (const [name, number] of run.things) later.things.set(name, -number);
  return later;
};

describe("a resource that Pulumi is told to make anew", () => {
  it("is deleted first and made anew, which its kind is told", async () => {
    const before = made();
    const olds = await stateOf(before);
    const run = next(before);
    const checked = (await run.provider.check!({}, news)).inputs as Raw;
    await run.provider.delete!("a", olds);
    assert.deepEqual([run.things.has("a"), run.back], [false, ["a"]]);
    await run.provider.create(checked);
    assert.deepEqual([run.things.get("a"), run.said], [1, []]);
  });

  it("is the same by `replaceOnChanges`, which asks for it a second time", async () => {
    const before = made();
    const olds = await stateOf(before);
    const run = next(before);
    await run.provider.check!(olds, news);
    assert.deepEqual(await run.provider.diff!("a", olds, olds), { replaces: [], deleteBeforeReplace: true });
    const checked = (await run.provider.check!({}, news)).inputs as Raw;
    await run.provider.delete!("a", olds);
    await run.provider.create(checked);
    assert.deepEqual([run.things.get("a"), run.back], [1, ["a"]]);
  });

  it("stays where the new one was made first, and the error says what to do; the next run deletes nothing either", async () => {
    const before = made();
    const olds = await stateOf(before);
    const run = next(before);
    await run.provider.create((await run.provider.check!({}, news)).inputs as Raw);
    await assert.rejects(
      Promise.resolve(run.provider.delete!("a", olds)),
      /^Error: Unable to make thing "a" anew: the old one has to be deleted first.*deleteBeforeReplace: true/s,
    );
    assert.equal(run.things.get("a"), -1);
    const after = next(run);
    await after.provider.check!(olds, news);
    await after.provider.delete!("a", olds);
    assert.deepEqual([after.things.has("a"), after.said], [true, ['thing "a" stays: the program has it still']]);
  });

  it("is deleted when it is none of the program's any more, and when another of the same id is another's", async () => {
    const before = made();
    const olds = await stateOf(before);
    const run = next(before);
    await run.provider.check!({ ...olds, owner: "p/s/two" }, { ...news, owner: "p/s/two" });
    await run.provider.delete!("a", olds);
    assert.equal(run.things.has("a"), false);
  });

  it("is deleted where an input makes another one of the same id", async () => {
    const kind = { idOf: () => "a", replacedBy: ["name" as const] };
    const before = made(kind);
    const olds = await stateOf(before);
    const run = next(before, kind);
    const wanted = { ...news, name: "b" };
    await run.provider.check!(olds, wanted);
    assert.deepEqual((await run.provider.diff!("a", olds, { ...olds, name: "b" })).replaces, ["name"]);
    const checked = (await run.provider.check!({}, wanted)).inputs as Raw;
    await run.provider.delete!("a", olds);
    assert.equal(run.things.has("a"), false);
    await run.provider.create(checked);
  });

  it("acts again where there is nothing to delete", async () => {
    const before = made({ acts: true });
    const olds = await stateOf(before);
    const run = next(before, { acts: true });
    await run.provider.create((await run.provider.check!({}, news)).inputs as Raw);
    await run.provider.delete!("a", olds);
    assert.deepEqual(run.said, []);
  });
});
