/** A data disk of a VM: what is asked of it, what is noted on its image, what is observed. */
import { z } from "zod";
import type { XmlElement } from "../../cluster";
import type { FileSource } from "../form/model";

/** What can be asked of a disk and observed of it alike. */
export interface DiskSettings {
  vm: string;
  /** From 0; the guest's next device after the system disk. */
  index: number;
  bus: string;
  /** QEMU's cache mode. */
  cache: string;
  readOnly: boolean;
  serial?: string;
  /** Its image is kept, under another name, when the disk or its VM is deleted. */
  retain: boolean;
  /** The resource that has it: project, stack, logical name. */
  owner?: string;
  /** Whose it was by the state, where stack, project or resource were renamed since. */
  formerOwner?: string;
}

/** Where its content comes from: a file, or the image of another disk. */
export type DiskSource = FileSource | { image: string };

/** All that is asked of a disk. */
export interface DiskSpec extends DiskSettings {
  /** Bytes; absent: as large as the source, or as it is. */
  size?: number;
  source?: DiskSource;
  /** Takes over a disk that is there already. */
  adopt?: boolean;
}

/** The key of the note in the metadata of a data disk's image. */
export const NOTE_KEY = "_seapath_disk";

const noteSchema = z.object({
  /** The image that it is about: a copy of an image carries the same note, and is not meant. */
  image: z.string(),
  owner: z.string().optional(),
  retain: z.boolean().optional(),
  /** The create that made the image, so that its undo knows its own. */
  nonce: z.string().optional(),
  /** Its content is not whole yet. */
  filling: z.boolean().optional(),
  /** It has been grown, and a guest that runs has not been told. */
  growing: z.boolean().optional(),
  /** No disk any more: its number is needed by those after it, or a guest still has it open. */
  deleted: z.boolean().optional(),
});

/** What this project notes on the image of a data disk. */
export type DiskNote = z.infer<typeof noteSchema>;

/** The note on an image; undefined where there is none, or where it is about another image. */
export function readNote(image: string, metadata: Record<string, string> | undefined): DiskNote | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(metadata?.[NOTE_KEY] ?? "null");
  } catch {
    return undefined; // somebody wrote it by hand: it says nothing
  }
  const note = noteSchema.safeParse(parsed);
  return note.success && note.data.image === image ? note.data : undefined;
}

/** A note as metadata. */
export const noteMetadata = (note: DiskNote): Record<string, string> => ({ [NOTE_KEY]: JSON.stringify(note) });

/** A disk as it was found. */
export interface ObservedDisk {
  image: string;
  vm: string;
  index: number;
  /** Its size in bytes. */
  bytes: number;
  note?: DiskNote;
  inGroup: boolean;
  /** Its element in the VM's stored XML. */
  stored?: XmlElement;
  /** Whether the VM runs; only then `live` says something. */
  running: boolean;
  /** Its element in the running guest. */
  live?: XmlElement;
}

/** Buses on which a running guest can be given a disk. */
export const isPluggable = (bus: string) => ["virtio", "scsi", "usb"].includes(bus);
