/**
 * A node whose Python lacks rados, rbd and libvirt for the node programs. The command `ceph`, which is also Python,
 * finds the real ones.
 */
import type { Command, CommandResult, NodeAnswer, Runner } from "../../../provider/dist/transport/types.js";
import { withoutBindings } from "../../hidden.ts";

const blind = (command: Command): Command =>
  /\bpython3$/.test(command.argv[0] ?? "") && command.stdin !== undefined
    ? { ...command, stdin: withoutBindings(String(command.stdin)) }
    : command;

export class HiddenModules implements Runner {
  readonly #inner: Runner;

  constructor(inner: Runner) {
    this.#inner = inner;
  }

  get node(): string | undefined {
    return this.#inner.node;
  }

  run(command: Command): Promise<CommandResult> {
    return this.#inner.run(blind(command));
  }

  runOnEach(command: Command): Promise<NodeAnswer[]> {
    if (this.#inner.runOnEach === undefined) throw new Error("the runner behind goes to one node only");
    return this.#inner.runOnEach(blind(command));
  }

  upload(...args: Parameters<Runner["upload"]>): Promise<string> {
    return this.#inner.upload(...args);
  }

  close(): void {
    this.#inner.close();
  }
}
