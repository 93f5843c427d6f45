export { vmProvider, type Surroundings } from "./vm/provider";
export { PartialCreateError } from "./errors";
export { adoptingInputs } from "./vm/minimal";
export { UNKNOWN } from "./unknowns";
