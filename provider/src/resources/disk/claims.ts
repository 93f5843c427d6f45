/**
 * Which numbers a program's disks have, as far as this run shows. A number that is not given must be chosen around the
 * others of the same run. A disk in the middle may go only if those after it go as well.
 */
import { claimOf } from "../vm/claims";

export class DiskClaims {
  /** By VM and number: the owner. */
  readonly #checked = new Map<string, Map<number, string>>();
  readonly #replaced = new Set<string>();
  readonly #failed = new Set<string>();
  readonly #leaving = new Set<string>();

  #of(vm: string, cluster: string | undefined): Map<number, string> {
    const key = claimOf(vm, cluster);
    const known = this.#checked.get(key) ?? new Map<number, string>();
    this.#checked.set(key, known);
    return known;
  }

  /** A resource of the program has, or gets, this disk. */
  check(vm: string, cluster: string | undefined, index: number, owner: string): void {
    this.#of(vm, cluster).set(index, owner);
  }

  /** Whether a resource of the program, other than `but`, has this disk. */
  has(vm: string, cluster: string | undefined, index: number, but?: string): boolean {
    const owner = this.#of(vm, cluster).get(index);
    return owner !== undefined && owner !== but;
  }

  /** The disk is deleted and recreated, together with its VM if that is. */
  replace(vm: string, cluster: string | undefined, index: number, withVm: boolean): void {
    this.#replaced.add(`${claimOf(vm, cluster)}_${index}`);
    if (withVm) this.#leaving.add(claimOf(vm, cluster));
  }

  isReplaced(vm: string, cluster: string | undefined, index: number): boolean {
    return this.#replaced.has(`${claimOf(vm, cluster)}_${index}`);
  }

  /** Whether this run deletes the VM in order to recreate it. */
  isLeaving(vm: string, cluster: string | undefined): boolean {
    return this.#leaving.has(claimOf(vm, cluster));
  }

  /** The disk could not be made, so waiting for it is pointless. */
  fail(vm: string, cluster: string | undefined, index: number): void {
    this.#failed.add(`${claimOf(vm, cluster)}_${index}`);
  }

  hasFailed(vm: string, cluster: string | undefined, index: number): boolean {
    return this.#failed.has(`${claimOf(vm, cluster)}_${index}`);
  }
}
