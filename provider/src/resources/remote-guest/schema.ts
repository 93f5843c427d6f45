/** The inputs of `seapath.RemoteGuest` with defaults. */
import { z } from "zod";
import { common, count, named, text } from "../engine/schema";

export const remoteGuestSchema = z.strictObject({
  ...common,
  name: named,
  vm: named,
  address: text.regex(/^[A-Za-z0-9:][A-Za-z0-9.:%_-]*$/, "must be an IP address or a host name"),
  port: count("a TCP port", 1).max(65_535, "must be at most 65535 (a TCP port)"),
  timeout: count("seconds", 1),
});

/** Complete and valid inputs. */
export type RemoteGuestInputs = z.infer<typeof remoteGuestSchema>;
