/**
 * A node whose Python has no rados, rbd and libvirt, to the node programs. The command `ceph`, which is Python too, finds the
 * real ones.
 */
import type { Command, CommandResult, Runner } from "../../../provider/dist/transport/index.js";
import { withoutBindings } from "../../hidden.ts";

export class HiddenModules implements Runner {
  readonly #inner: Runner;

  constructor(inner: Runner) {
    this.#inner = inner;
  }

  get node(): string | undefined {
    return this.#inner.node;
  }

  run(command: Command): Promise<CommandResult> {
    const program = /\bpython3$/.test(command.argv[0] ?? "") && command.stdin !== undefined;
    return this.#inner.run(program ? { ...command, stdin: withoutBindings(String(command.stdin)) } : command);
  }

  upload(...args: Parameters<Runner["upload"]>): Promise<string> {
    return this.#inner.upload(...args);
  }

  close(): void {
    this.#inner.close();
  }
}
