export { Vm } from "./vm";
export type * from "./types";
export * from "./functions";
