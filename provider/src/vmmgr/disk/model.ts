/** A data disk of a VM: its spec, the note on its image, and its observed state. */
import { z } from "zod";
import type { XmlElement } from "../../cluster";
import type { FileSource } from "../form/model";

/** The settings of a disk that can be both specified and observed. */
export interface DiskSettings {
  vm: string;
  /** From 0; the guest's next device after the system disk. */
  index: number;
  bus: string;
  /** QEMU's cache mode. */
  cache: string;
  readOnly: boolean;
  serial?: string;
  /** Keep its image, under another name, when the disk or its VM is deleted. */
  retain: boolean;
  /** The resource that owns it: project, stack, logical name. */
  owner?: string;
  /** Its owner in the state, if the stack, project or resource has been renamed since. */
  formerOwner?: string;
}

/** The source of its content: a file, or the image of another disk. */
export type DiskSource = FileSource | { image: string };

/** The full spec of a disk. */
export interface DiskSpec extends DiskSettings {
  /** Bytes; absent: the size of the source, or its current size. */
  size?: number;
  source?: DiskSource;
  /** Adopts an existing disk. */
  adopt?: boolean;
}

/** The key of the note in the metadata of a data disk's image. */
export const NOTE_KEY = "_seapath_disk";

const noteSchema = z.object({
  /** The image that the note is about: a copied image carries the same note, which then does not apply. */
  image: z.string(),
  owner: z.string().optional(),
  retain: z.boolean().optional(),
  /** The create that made the image, so that its undo recognizes its own. */
  nonce: z.string().optional(),
  /** Its content is not complete yet. */
  filling: z.boolean().optional(),
  /** It has been grown, and a running guest has not been notified. */
  growing: z.boolean().optional(),
  /** No longer a disk: later disks need its number, or a guest still has it open. */
  deleted: z.boolean().optional(),
});

/** This project's note on the image of a data disk. */
export type DiskNote = z.infer<typeof noteSchema>;

/** The note on an image; undefined if there is none, or if it is about another image. */
export function readNote(image: string, metadata: Record<string, string> | undefined): DiskNote | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(metadata?.[NOTE_KEY] ?? "null");
  } catch {
    return undefined; // written by hand: ignore it
  }
  const note = noteSchema.safeParse(parsed);
  return note.success && note.data.image === image ? note.data : undefined;
}

/** A note as metadata. */
export const noteMetadata = (note: DiskNote): Record<string, string> => ({ [NOTE_KEY]: JSON.stringify(note) });

/** A disk as found. */
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
  /** Whether the VM is running; `live` is only meaningful then. */
  running: boolean;
  /** Its element in the running guest. */
  live?: XmlElement;
}

/** Whether a bus supports attaching a disk to a running guest. */
export const isPluggable = (bus: string) => ["virtio", "scsi", "usb"].includes(bus);
