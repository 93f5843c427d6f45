/** Files of a node that are for its release alone. */
import { release } from "./config.ts";
import type { NodeFile } from "./node-files.ts";

/** crmsh asks systemd whether Pacemaker runs, from its version 5 on. There is no systemd here, and what a node has is started with it. */
const systemctl = `#!/bin/sh
case " $* " in
*" is-active "*) echo active ;;
*" is-enabled "*) echo enabled ;;
esac
`;

export const filesOfRelease = (): NodeFile[] =>
  release === "bookworm" ? [] : [{ path: "/usr/local/sbin/systemctl", text: systemctl, mode: 0o755 }];
