/** Functions that read the metadata of VMs. */
import type { Input, Output } from "@pulumi/pulumi";
import { call, called, type ClusterArgs, type OutputOptions } from "./call";
import { withName, type VmInput } from "../named";
import type { VmNameArgs, VmNameOutputArgs } from "./vm";

/**
 * The keys of a VM's metadata, except those that begin with an underscore, which are the VM's own settings. vm-mgr's
 * `list_metadata`.
 * @throws if the cluster has no such VM
 *
 * @example
 * const keys = await seapath.listMetadata({ name: "gateway" }); // ["owner", "vm_name", "xml"]
 */
export const listMetadata = (args: VmNameArgs): Promise<string[]> =>
  call(args, (api, at) => api.listMetadata(at, args.name));

/**
 * {@link listMetadata} with arguments that may be known only later.
 *
 * @example
 * export const keys = seapath.listMetadataOutput({ name: web });
 */
export const listMetadataOutput = (args: VmNameOutputArgs, options?: OutputOptions): Output<string[]> =>
  called(listMetadata, withName(args), options);

/** Arguments of `getMetadata`. */
export interface GetMetadataArgs extends ClusterArgs {
  /** The VM. */
  name: string;
  /** The key. */
  key: string;
}

/** {@link GetMetadataArgs}, some of which may be known only later. */
export interface GetMetadataOutputArgs {
  /** The VM, or its name. */
  name: VmInput;
  /** The key. */
  key: Input<string>;
  cluster?: Input<string>;
}

/**
 * One value of a VM's metadata; keys of the VM's own settings (`_priority`) work too. vm-mgr's `get_metadata`.
 * @throws if the cluster has no such VM, or the VM no such key
 *
 * @example
 * const owner = await seapath.getMetadata({ name: "gateway", key: "owner" });
 */
export const getMetadata = (args: GetMetadataArgs): Promise<string> =>
  call(args, (api, at) => api.getMetadata(at, args.name, args.key));

/**
 * {@link getMetadata} with arguments that may be known only later.
 *
 * @example
 * export const owner = seapath.getMetadataOutput({ name: web, key: "owner" });
 */
export const getMetadataOutput = (args: GetMetadataOutputArgs, options?: OutputOptions): Output<string> =>
  called(getMetadata, withName(args), options);
