/** `console`: connects this terminal to a VM's serial console. */
import { api, type Terminal } from "pulumi-seapath-provider";
import type { Run, Verb } from "./verb";

function terminalOf(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Terminal {
  return {
    input,
    output,
    type: process.env["TERM"] ?? "vt100",
    size: () => ({ rows: output.rows ?? 24, columns: output.columns ?? 80 }),
    onResize: (listener) => {
      output.on("resize", listener);
      return () => void output.off("resize", listener);
    },
  };
}

async function openConsole({ given, at, say }: Run): Promise<number> {
  const { stdin, stdout } = process;
  const user = given.find("ssh-user") ?? "libvirtadmin";
  if (!stdin.isTTY || !stdout.isTTY)
    throw new Error("Unable to open a console: standard input and output must be a terminal");
  stdin.setRawMode(true);
  try {
    const code = await api.openConsole(at, given.get("name"), user, terminalOf(stdin, stdout));
    if (code !== 0) say(`virsh ended with ${code}. From node to node it went as ${user}; --ssh-user names another.`);
    return code === 0 ? 0 : 1;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
  }
}

export const consoles: readonly Verb[] = [
  {
    name: "console",
    help: "Open the serial console of a VM where it runs; Ctrl-] leaves it",
    options: [
      {
        name: "ssh-user",
        takes: "text",
        placeholder: "USER",
        help: "as whom libvirt goes from the node that is asked to the one where it runs (libvirtadmin)",
      },
    ],
    positionals: [{ name: "name", takes: "vm", help: "the VM" }],
    run: openConsole,
  },
];
