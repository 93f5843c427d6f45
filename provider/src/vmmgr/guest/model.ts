/** A guest node: a VM whose pacemaker_remoted is a node of the cluster. */

/** What is asked of it. */
export interface GuestNodeSpec {
  /** The node's name. */
  name: string;
  /** The VM. */
  vm: string;
  /** Where the nodes reach its pacemaker_remoted. */
  address: string;
  port: number;
  /** Seconds that a connection may take. */
  timeout: number;
}

/** As it was found. */
export interface ObservedGuestNode extends GuestNodeSpec {
  /** Whether Pacemaker has a connection to it that works. */
  online: boolean;
  /** The node on which its VM runs. */
  host?: string;
}

/** A primitive that runs inside of a guest node. */
export interface GuestResourceSpec {
  name: string;
  /** The guest node. Observed: `unbound` when the rule that keeps it there is gone. */
  guest: string;
  /** `ocf:heartbeat:apache`, `systemd:nginx`, `lsb:ntp`, `service:cron`. */
  agent: string;
  params: Record<string, string>;
  meta: Record<string, string>;
  operations: Record<string, Operation>;
  started: boolean;
  /** The project and the stack that have it. */
  owner?: string;
}

/** An operation of a primitive. */
export interface Operation {
  /** Seconds. */
  timeout?: number | undefined;
  /** Seconds; 0 or absent for what is done once. */
  interval?: number | undefined;
  /** What Pacemaker does when it fails, its `on-fail`. */
  onFail?: string | undefined;
}

export interface ObservedGuestResource extends GuestResourceSpec {
  /** Pacemaker's word: `Started`, `Stopped`, … */
  status: string;
}
