export { Vm } from "./vm";
export { Colocation, type ColocationArgs } from "./colocation";
export { Order, type OrderArgs } from "./order";
export { Metadata, type MetadataArgs } from "./metadata";
export type { RelationArgs } from "./relation";
export type * from "./types";
export * from "./functions";
