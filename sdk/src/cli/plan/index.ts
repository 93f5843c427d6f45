/** The formats of a plan: `pulumi-seapath/plan`, for policies and for tools that have a plan of their own. */
export type { Planned } from "./rows";
export type { Changes } from "./changes";
export { planSvg, type Pictured } from "./svg";
export { planMarkdown, planText } from "./text";
