/** A guest node: a VM whose pacemaker_remoted is a cluster node. */

/** The spec of a guest node. */
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

/** A guest node as found. */
export interface ObservedGuestNode extends GuestNodeSpec {
  /** Whether Pacemaker has a working connection to it. */
  online: boolean;
  /** The node on which its VM runs. */
  host?: string;
}

/** A primitive that runs inside a guest node. */
export interface GuestResourceSpec {
  name: string;
  /** The guest node. Observed: `unbound` if the rule that keeps it there is gone. */
  guest: string;
  /** `ocf:heartbeat:apache`, `systemd:nginx`, `lsb:ntp`, `service:cron`. */
  agent: string;
  params: Record<string, string>;
  meta: Record<string, string>;
  operations: Record<string, Operation>;
  started: boolean;
  /** The project and stack that own it. */
  owner?: string;
}

/** An operation of a primitive. */
export interface Operation {
  /** Seconds. */
  timeout?: number | undefined;
  /** Seconds; 0 or absent for a one-time operation. */
  interval?: number | undefined;
  /** Pacemaker's reaction to a failure, its `on-fail`. */
  onFail?: string | undefined;
}

export interface ObservedGuestResource extends GuestResourceSpec {
  /** Pacemaker's role: `Started`, `Stopped`, … */
  status: string;
}
