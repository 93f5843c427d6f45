/** What a program asks about the metadata of VMs. */
import type { Input, Output } from "@pulumi/pulumi";
import { call, called, type ClusterArgs, type OutputOptions } from "./call";
import { withName, type VmInput } from "../named";
import type { VmNameArgs, VmNameOutputArgs } from "./vm";

/**
 * The keys of a VM's metadata, without those that begin with an underscore, which are the VM's own settings. vm-mgr's
 * `list_metadata`.
 * @throws when the cluster has no such VM
 *
 * @example
 * const keys = await seapath.listMetadata({ name: "gateway" }); // ["owner", "vm_name", "xml"]
 */
export const listMetadata = (args: VmNameArgs): Promise<string[]> =>
  call(args, (api, at) => api.listMetadata(at, args.name));

/**
 * {@link listMetadata}, with arguments that may be known later only.
 *
 * @example
 * export const keys = seapath.listMetadataOutput({ name: web });
 */
export const listMetadataOutput = (args: VmNameOutputArgs, options?: OutputOptions): Output<string[]> =>
  called(listMetadata, withName(args), options);

/** Which of a VM's metadata. */
export interface GetMetadataArgs extends ClusterArgs {
  /** The VM. */
  name: string;
  /** The key. */
  key: string;
}

/** {@link GetMetadataArgs}, of which some are known later. */
export interface GetMetadataOutputArgs {
  /** The VM, or its name. */
  name: VmInput;
  /** The key. */
  key: Input<string>;
  cluster?: Input<string>;
}

/**
 * One value of a VM's metadata; a key of the VM's own settings (`_priority`) can be asked for as well. vm-mgr's
 * `get_metadata`.
 * @throws when the cluster has no such VM, or the VM no such key
 *
 * @example
 * const owner = await seapath.getMetadata({ name: "gateway", key: "owner" });
 */
export const getMetadata = (args: GetMetadataArgs): Promise<string> =>
  call(args, (api, at) => api.getMetadata(at, args.name, args.key));

/**
 * {@link getMetadata}, with arguments that may be known later only.
 *
 * @example
 * export const owner = seapath.getMetadataOutput({ name: web, key: "owner" });
 */
export const getMetadataOutput = (args: GetMetadataOutputArgs, options?: OutputOptions): Output<string> =>
  called(getMetadata, withName(args), options);
