/** Verbs for guest nodes: VMs whose services Pacemaker runs. */
import { api } from "pulumi-seapath-provider";
import { NAME, type Verb } from "./verb";

export const guests: readonly Verb[] = [
  {
    name: "add_pacemaker_remote",
    help: "Make a VM with pacemaker_remoted a node of the cluster; where it runs, the connection is waited for",
    options: [
      NAME,
      { name: "remote_name", takes: "text", placeholder: "NAME", required: true, help: "the node's name" },
      {
        name: "remote_address",
        takes: "text",
        placeholder: "ADDRESS",
        required: true,
        help: "where the nodes reach it",
      },
      { name: "remote_port", takes: "int", placeholder: "PORT", help: "where it listens (3121)" },
      { name: "remote_timeout", takes: "int", placeholder: "SECONDS", help: "that a connection may take (60)" },
    ],
    calls: {
      name: "--remote_name",
      address: "--remote_address",
      port: "--remote_port",
      timeout: "--remote_timeout",
      vm: "--name",
    },
    run: async ({ given, at }) => {
      const [port, timeout] = [given.number("remote_port"), given.number("remote_timeout")];
      const node = {
        name: given.get("remote_name"),
        address: given.get("remote_address"),
        ...(port === undefined ? {} : { port }),
        ...(timeout === undefined ? {} : { timeout }),
      };
      await api.addRemote(at, given.get("name"), node);
    },
  },
  {
    name: "remove_pacemaker_remote",
    help: "Have a VM be no node of the cluster any more; it runs on",
    options: [NAME],
    run: ({ given, at }) => api.removeRemote(at, given.get("name")),
  },
];
