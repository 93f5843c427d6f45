export { vmProvider, type Surroundings } from "./vm/provider";
export { PartialCreateError } from "./errors";
export { UNKNOWN } from "./unknowns";
