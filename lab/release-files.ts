/** Node files for one release only. */
import { release } from "./config.ts";
import type { NodeFile } from "./node-files.ts";

/**
 * From version 5, crmsh asks systemd whether Pacemaker is running. There is no systemd here; a node's services start
 * with the node.
 */
const systemctl = `#!/bin/sh
case " $* " in
*" is-active "*) echo active ;;
*" is-enabled "*) echo enabled ;;
esac
`;

export const filesOfRelease = (): NodeFile[] =>
  release === "bookworm" ? [] : [{ path: "/usr/local/sbin/systemctl", text: systemctl, mode: 0o755 }];
