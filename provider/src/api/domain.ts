/** The properties of a domain, whoever wrote its XML. */
import { domainSizeOf } from "../vmmgr";

/** A domain's virtual CPUs and memory; undefined if the XML is invalid. */
export const domainSize = (xml: string): { vcpus: number; memoryMiB: number } | undefined => domainSizeOf(xml);
