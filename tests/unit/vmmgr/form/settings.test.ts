// The table of a VM's settings: each entry, read back from what was written of it, and what the table cannot make: types, pages.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { metadata, primitives, spec } from "./specs.ts";

const require = createRequire(import.meta.url);
const { settingList } =
  require("../../../../provider/dist/vmmgr/index.js") as typeof import("../../../../provider/dist/vmmgr/index.js");
const { COMMON } = require("../../../../sdk/dist/cli/inputs.js") as typeof import("../../../../sdk/dist/cli/inputs.js");

const root = join(import.meta.dirname, "../../../..");
const file = (name: string) => readFileSync(join(root, name), "utf8");
const XML = { base: "<domain/>", final: "<domain/>" };

for (const setting of settingList) {
  const { name, default: usual, key, option, help, placeholder } = setting;
  const other = typeof usual === "boolean" ? !usual : typeof usual === "number" ? usual + 7 : "libvirtadmin";

  describe(`the setting ${name}`, () => {
    it("comes back from the metadata, where its default is not kept", () => {
      const written = metadata.vmMetadata(spec({ [name]: other }), XML);
      assert.equal(written[key], String(other));
      assert.equal(metadata.readMetadata(written)[name], other);
      const unsaid = metadata.vmMetadata(spec({ [name]: usual }), XML);
      assert.ok(!(key in unsaid));
      assert.equal(metadata.readMetadata(unsaid)[name], usual);
      assert.deepEqual(metadata.metadataChanges(written, unsaid).unset, [key]);
    });

    it("comes back from the primitive", () => {
      for (const value of [other, usual]) {
        const written = primitives.vmPrimitive(spec({ [name]: value }), undefined);
        assert.equal(primitives.readPrimitive(written, spec().pacemaker)[name], value);
        assert.deepEqual(primitives.readPrimitive(written, spec().pacemaker).pacemaker, spec().pacemaker);
      }
    });

    it("is an option of the command line", () => {
      const found = COMMON.find((each) => each.name === option);
      assert.equal(found?.takes, typeof usual === "boolean" ? "flag" : typeof usual === "number" ? "int" : "text");
      if (typeof usual === "number") assert.ok(help.endsWith(` (${usual})`), help);
      assert.equal(placeholder === undefined, typeof usual === "boolean");
    });

    it("has its type, its unit and its default in the sdk", () => {
      const doc = new RegExp(`/\\*\\*((?:[^/]|/(?!\\*))*?)\\*/\\s+${name}\\?: Input<(\\w+)>;`).exec(
        file("sdk/src/types.ts").replace(/[\s\S]*export interface VmArgs/, ""),
      );
      assert.equal(doc?.[2], typeof usual);
      const text = (doc?.[1] ?? "").replace(/\s*\n\s*\* ?/g, " ");
      assert.ok(text.includes(`@default ${String(usual)}`) || text.includes(`"${String(usual)}"`), text);
      if (setting.unit !== undefined) assert.match(text, new RegExp(setting.unit, "i"));
      assert.match(
        file("sdk/src/vm.ts"),
        new RegExp(`^  declare readonly ${name}: pulumi\\.Output<${typeof usual}>;`, "m"),
      );
      assert.match(file("sdk/src/vm.ts"), new RegExp(`^  ${name}: undefined,`, "m"));
    });

    it("is in the tables of README.md and docs/vm.md", () => {
      for (const page of ["README.md", "docs/vm.md"])
        assert.match(file(page), new RegExp(`^\\| .*\`${name}\``, "m"), page);
    });
  });
}
