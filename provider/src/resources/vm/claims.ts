/** A VM among those of several clusters, which may have VMs of one name. */
export const claimOf = (vm: string, cluster?: string): string => (cluster === undefined ? vm : `${cluster}/${vm}`);

/**
 * Which VM belongs to which resource, as far as this run shows it. The engine gives a provider no name of the resource
 * that it asks for, so a VM that moves from one resource to another would be taken over by the one and then deleted by
 * the other. What was checked in this run is in the program; what is deleted and was also checked has a new owner.
 */
export class Claims {
  readonly #checked = new Set<string>();
  readonly #recorded = new Set<string>();
  readonly #replaced = new Set<string>();
  readonly #made = new Set<string>();
  readonly #again = new Set<string>();
  readonly #resources = new Map<string, string>();
  readonly #anew = new Set<string>();

  /** A resource of the program has this VM; `recorded` when the state has it already. */
  check(vm: string, recorded: boolean, resource?: unknown): void {
    this.#checked.add(vm);
    if (typeof resource === "string") this.#resources.set(vm, resource);
    if (recorded) this.#recorded.add(vm);
  }

  /** Whether a resource of the program has the VM, which may not be there yet. */
  isChecked(vm: string): boolean {
    return this.#checked.has(vm);
  }

  /** The engine asks once more for the VM of a resource that it replaces, and then as if there had been none before. */
  checkedAgain(vm: string): void {
    this.#again.add(vm);
  }

  /** Whether another resource of the program, which is made as this one is, was checked with the VM's name. */
  isTwice(vm: string): boolean {
    return this.#checked.has(vm) && !this.#recorded.has(vm) && !this.#again.delete(vm);
  }

  /** Whether it is this very resource that the VM was checked for in this run. */
  isOf(vm: string, resource: unknown): boolean {
    return resource !== undefined && this.#resources.get(vm) === resource;
  }

  /** The engine asks for the VM that the state has as if there were none: it makes it anew, for `replaceOnChanges` say. */
  askedAnew(vm: string): boolean {
    if (this.#recorded.has(vm)) this.#anew.add(vm);
    return this.#anew.has(vm);
  }

  /** The VM is to be deleted to make room for one of the same name. */
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

  /** Whether a resource of this run has made the VM, or taken it up. */
  isMade(vm: string): boolean {
    return this.#made.has(vm);
  }

  /** Whether another resource of the same program has the VM, so that none may take it over. */
  isOthers(vm: string): boolean {
    return (this.#recorded.has(vm) && !this.#replaced.has(vm)) || this.#made.has(vm);
  }

  /**
   * Whether a delete is of a VM that the program keeps: by another resource, or by the one that was made of an earlier run's.
   * @param resource the one that the delete is of. What it was asked for and has not yet made, it is deleted for.
   */
  isKept(vm: string, resource?: unknown): boolean {
    if (!this.#checked.has(vm) || this.#replaced.has(vm)) return false;
    return this.#made.has(vm) || !this.isOf(vm, resource) || (this.#recorded.has(vm) && !this.#anew.has(vm));
  }
}
