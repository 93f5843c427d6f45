export type { Surroundings } from "./surroundings";
export { vmProvider } from "./vm/provider";
export { PartialCreateError } from "./errors";
export { adoptingInputs } from "./vm/minimal";
export { UNKNOWN } from "./unknowns";
export { givenSpec, InputsRefused } from "./vm/given";
export { readPreview, type PlannedChange } from "./preview";
