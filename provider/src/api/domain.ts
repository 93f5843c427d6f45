/** What a domain is, whoever wrote its XML. */
import { domainSizeOf } from "../vmmgr";

/** The virtual CPUs and the memory that a domain asks for; undefined where the XML is none. */
export const domainSize = (xml: string): { vcpus: number; memoryMiB: number } | undefined => domainSizeOf(xml);
