/** Identifies a VM across several clusters, which may use the same VM names. */
export const claimOf = (vm: string, cluster?: string): string => (cluster === undefined ? vm : `${cluster}/${vm}`);

/**
 * Which resource has which VM, as far as this run shows. The engine does not tell a provider the resource's name. So if
 * a VM moved between resources, one would take it over and the other then delete it. A VM checked in this run is in the
 * program; one that is deleted and was also checked has a new owner.
 */
export class Claims {
  readonly #checked = new Set<string>();
  readonly #recorded = new Set<string>();
  readonly #replaced = new Set<string>();
  readonly #made = new Set<string>();
  readonly #again = new Set<string>();
  readonly #resources = new Map<string, string>();
  readonly #anew = new Set<string>();

  /** A resource of the program has this VM; `recorded` if it is already in the state. */
  check(vm: string, recorded: boolean, resource?: unknown): void {
    this.#checked.add(vm);
    if (typeof resource === "string") this.#resources.set(vm, resource);
    if (recorded) this.#recorded.add(vm);
  }

  /** Whether a resource of the program has the VM, which may not exist yet. */
  isChecked(vm: string): boolean {
    return this.#checked.has(vm);
  }

  /** For a resource that it replaces, the engine checks the VM a second time, as if it had not existed. */
  checkedAgain(vm: string): void {
    this.#again.add(vm);
  }

  /** Whether another resource, created like this one, was checked with the same VM name. */
  isTwice(vm: string): boolean {
    return this.#checked.has(vm) && !this.#recorded.has(vm) && !this.#again.delete(vm);
  }

  /** Whether the VM was checked in this run for this very resource. */
  isOf(vm: string, resource: unknown): boolean {
    return resource !== undefined && this.#resources.get(vm) === resource;
  }

  /** The engine treats a VM in the state as new: it recreates it, for example for `replaceOnChanges`. */
  askedAnew(vm: string): boolean {
    if (this.#recorded.has(vm)) this.#anew.add(vm);
    return this.#anew.has(vm);
  }

  /** The VM is deleted to make room for one with the same name. */
  replace(vm: string): void {
    this.#replaced.add(vm);
  }

  /** Whether the name is free by the time a replacement is made. */
  isReplaced(vm: string): boolean {
    return this.#replaced.has(vm);
  }

  /** A resource of this run has made the VM. */
  make(vm: string): void {
    this.#made.add(vm);
  }

  /** Whether a resource of this run has made the VM, or taken it over. */
  isMade(vm: string): boolean {
    return this.#made.has(vm);
  }

  /** Whether another resource of the same program has the VM, so that it cannot be taken over. */
  isOthers(vm: string): boolean {
    return (this.#recorded.has(vm) && !this.#replaced.has(vm)) || this.#made.has(vm);
  }

  /**
   * Whether a delete concerns a VM that the program keeps: in another resource, or in one made from an earlier run's.
   * @param resource the resource being deleted. If it asked for the VM and has not made it yet, the delete makes room
   * for that.
   */
  isKept(vm: string, resource?: unknown): boolean {
    if (!this.#checked.has(vm) || this.#replaced.has(vm)) return false;
    return this.#made.has(vm) || !this.isOf(vm, resource) || (this.#recorded.has(vm) && !this.#anew.has(vm));
  }
}
