/** The lease of an unfinished rollback. */
import { beginRollback, type Cluster } from "../../cluster";
import type { Context } from "../core/context";
import { heldByAnother, Lease, waitUntilAbandoned } from "../core/lease";
import { DONE_KEY, LAST_KEY, phaseOf, ROLLBACK_KEY, type LastRollback, type RollbackPlan } from "./rollback-state";

export class RollbackLease extends Lease {
  readonly #vm: string;
  readonly #plan: RollbackPlan;

  constructor(cluster: Cluster, vm: string, plan: RollbackPlan) {
    super(cluster, { vm, key: ROLLBACK_KEY });
    this.#vm = vm;
    this.#plan = plan;
  }

  protected phase(): string {
    return phaseOf(this.#plan);
  }

  /**
   * Takes the lease unless one other than `insteadOf` exists, and keeps renewing it.
   * @throws NotOwned
   */
  async begin(insteadOf?: string): Promise<void> {
    const mark = this.next();
    const there = await beginRollback(this.cluster.runner, {
      vm: this.#vm,
      mark,
      ...(insteadOf === undefined ? {} : { insteadOf }),
    });
    if (there !== mark) throw heldByAnother((holder) => `${holder} is rolling it back right now`);
    this.keepRenewing();
  }

  /**
   * Removes the lease; with `last` the rollback is done. If the answer is lost, a removed lease still means success.
   */
  async finish(last?: LastRollback): Promise<void> {
    await this.stopRenewing();
    try {
      await this.change(last === undefined ? {} : { [LAST_KEY]: JSON.stringify(last) }, [ROLLBACK_KEY, DONE_KEY]);
    } catch (error) {
      if ((await this.current()) !== undefined) throw error;
    }
  }
}

/** Returns once no program is rolling the VM back any more. @throws NotOwned */
export const waitUntilRollbackAbandoned = (context: Context, vm: string, node: string): Promise<void> =>
  waitUntilAbandoned(
    context,
    { vm, key: ROLLBACK_KEY },
    "a rollback",
    (holder) => `Unable to roll back VM "${vm}" on ${node}: ${holder} is rolling it back right now`,
  );
