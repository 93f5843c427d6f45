/** The constraints that a preview plans. */
import { colocationRelation, orderRelation, type ColocationSpec, type OrderSpec, type XmlElement } from "../../vmmgr";
import type { Raw } from "../engine/values";

/** The kinds whose resources are constraints, by type. */
export const RELATIONS: Record<string, (inputs: Raw) => XmlElement[]> = {
  "seapath:Colocation": (inputs) => colocationRelation(inputs as unknown as ColocationSpec).elements,
  "seapath:Order": (inputs) => orderRelation(inputs as unknown as OrderSpec).elements,
};
