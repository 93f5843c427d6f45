/**
 * A node whose Python has no rados, rbd and libvirt: the node programs find modules of these names that cannot be imported.
 * The command `ceph`, which is Python too, finds the real ones.
 */
import type { Command, CommandResult, Runner } from "../../../provider/dist/transport/index.js";
import { nodes, on } from "./cluster.ts";

const FOLDER = "/run/seapath-test-hidden";
const MODULE = `import sys
if not sys.argv[0].endswith("/ceph"):
    raise ImportError("hidden by the test")
sys.path.remove("${FOLDER}")
del sys.modules[__name__]
sys.modules[__name__] = __import__(__name__)
`;

export class HiddenModules implements Runner {
  readonly #inner: Runner;

  private constructor(inner: Runner) {
    this.#inner = inner;
  }

  static async on(inner: Runner): Promise<HiddenModules> {
    for (const node of nodes()) {
      await on(node, "mkdir", "-p", FOLDER);
      for (const name of ["rados", "rbd", "libvirt"]) await on(node, "sh", "-c", `printf %s "$1" > "$2"`, "sh", MODULE, `${FOLDER}/${name}.py`);
    }
    return new HiddenModules(inner);
  }

  static async end(): Promise<void> {
    for (const node of nodes()) await on(node, "rm", "-r", FOLDER);
  }

  get node(): string | undefined {
    return this.#inner.node;
  }

  run(command: Command): Promise<CommandResult> {
    return this.#inner.run({ ...command, argv: ["env", `PYTHONPATH=${FOLDER}`, ...command.argv] });
  }

  upload(...args: Parameters<Runner["upload"]>): Promise<string> {
    return this.#inner.upload(...args);
  }

  close(): void {
    this.#inner.close();
  }
}
