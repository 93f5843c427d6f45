/** Puts guests on the nodes of a lab: built if necessary, with the lab's keys if they need them. */
import { readFileSync } from "node:fs";

import { inLab, type Lab, type LabNode } from "../config.ts";
import { giveImage } from "../node.ts";
import { throughSpace } from "../space.ts";
import { buildGuests } from "./build.ts";
import { seedGuest } from "./seed.ts";

const onNode = (file: string): string => `/var/lib/seapath/images/${file}`;

/**
 * Puts the guests on all nodes that lack their current build, and returns what lab.json should say about them.
 * @param had what lab.json says; a guest that is already there is left alone
 */
export async function giveGuests(
  lab: number,
  nodes: LabNode[],
  had: Lab["guests"] = {},
): Promise<{ guests: Lab["guests"]; given: string[] }> {
  const built = await buildGuests();
  const guests: Lab["guests"] = {};
  const given: string[] = [];
  for (const [name, guest] of Object.entries(built)) {
    const before = had[name];
    if (before?.from === guest.raw) {
      guests[name] = before;
      continue;
    }
    const { raw, qcow2 } = guest.seeded ? await seedGuest(guest, inLab("guests"), keysOf(lab, nodes)) : guest;
    giveImage(lab, nodes, guest.file, readFileSync(qcow2));
    guests[name] = { raw, qcow2, xml: guest.xml, onNode: onNode(guest.file), from: guest.raw };
    given.push(name);
  }
  return { guests, given };
}

/** The keys on the first node. Its disk is accessible even if its power is off. */
function keysOf(lab: number, [first]: LabNode[]): { pacemakerKey: Uint8Array; publicKey: string } {
  const file = (path: string): string => throughSpace(lab, inLab("mnt", first?.name ?? "", "upper", path));
  return {
    pacemakerKey: readFileSync(file("etc/pacemaker/authkey")),
    publicKey: readFileSync(inLab("keys", "root.pub"), "utf8"),
  };
}
