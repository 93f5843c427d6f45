import assert from "node:assert/strict";
import { transpileModule, ModuleKind } from "typescript";
import { programText } from "../../../sdk/dist/program-text.js";

describe("a program that adopts VMs", () => {
  it("is one, whatever they are called", () => {
    const text = programText(
      new Map(["web01", "1st", "class", "seapath", "await"].map((name) => [name, { adopt: true }])),
      "north",
    );
    assert.deepEqual(
      [...text.matchAll(/const (\w+)/g)].map(([, name]) => name),
      ["web01", "vm1st", "vmclass", "vmseapath", "vmawait"],
    );
    assert.match(text, /new seapath\.Vm\("class", \{\n {2}cluster: "north",\n {2}adopt: true,\n\}\);/);
    const { diagnostics } = transpileModule(text, {
      reportDiagnostics: true,
      compilerOptions: { module: ModuleKind.CommonJS },
    });
    assert.deepEqual(diagnostics, []);
  });

  it("has inputs in the words of the language", () => {
    const text = programText(new Map([["web01", { a: [], b: ["x", 1], "c-d": { e: 'quote "' }, f: {} }]]));
    assert.match(text, /a: \[\],\n {2}b: \["x", 1\],\n {2}"c-d": \{\n {4}e: "quote \\"",\n {2}\},\n {2}f: \{\},\n\}/);
  });
});
