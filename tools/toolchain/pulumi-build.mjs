// Builds the Pulumi CLI from Go modules, pinned by go.mod and go.sum in pulumi-cli/. This does not work for its Node
// language host (a module of its own that refers to its neighbors by path), hence tools/language-host.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { command, StepError } from "../steps.mjs";

const MODULE = join(dirname(fileURLToPath(import.meta.url)), "pulumi-cli");
const PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
/** From this version on, go downloads a newer toolchain if go.mod requires one. */
const OLDEST_GO = [1, 21];

function findGo() {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/go/bin", "/usr/lib/go/bin"];
  for (const program of folders.map((folder) => join(folder, "go")).filter((file) => existsSync(file))) {
    try {
      const said = execFileSync(program, ["env", "GOVERSION"], { cwd: "/", encoding: "utf8" });
      const [major = 0, minor = 0] = said
        .replace(/^go/, "")
        .split(".")
        .map((part) => parseInt(part, 10));
      if (major > OLDEST_GO[0] || minor >= OLDEST_GO[1]) return program;
    } catch {
      // not a working go
    }
  }
  return undefined;
}

/**
 * @param {string} version
 * @param {string} target the path of the executable
 * @param {string} log
 * @param {string} whyNoDownload shown to the user if the build is impossible too
 */
export async function buildFromModules(version, target, log, whyNoDownload) {
  const advice = "put `pulumi` (pulumi.com/docs/install) or go >= 1.25 (go.dev/dl) on PATH";
  const go = findGo();
  if (!go)
    throw new StepError(
      `the Pulumi CLI is missing: none on PATH, no download (${whyNoDownload}), no Go to build it`,
      advice,
    );
  await command(
    [
      go,
      "build",
      "-mod=readonly",
      "-tags",
      "osusergo grpcnotrace",
      "-ldflags",
      `-s -w -X ${VERSION_VARIABLE}=${version}`,
      "-o",
      target,
      PACKAGE,
    ],
    {
      cwd: MODULE,
      log,
      // A go.work of the user's concerns other code.
      env: { ...process.env, GOWORK: "off", PATH: `${dirname(go)}${delimiter}${process.env.PATH}` },
      advice: `${advice}; the Go modules come from GOPROXY (go env GOPROXY)`,
    },
  );
}
