export { Vm } from "./vm";
export type * from "./types";
