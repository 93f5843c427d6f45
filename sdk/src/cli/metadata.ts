/** Verbs for a VM's metadata. */
import { api } from "pulumi-seapath-provider";
import { printed, pythonList } from "./print";
import { JSON_OUTPUT, NAME, type Verb } from "./verb";
import type { OptionSpec } from "./grammar";

const KEY: OptionSpec = { name: "metadata_name", takes: "text", placeholder: "KEY", required: true, help: "its key" };

export const metadata: readonly Verb[] = [
  {
    name: "list_metadata",
    help: "Print the keys of a VM's metadata, as a Python list",
    options: [NAME, JSON_OUTPUT],
    run: async ({ given, at, json, out }) => {
      const keys = await api.listMetadata(at, given.get("name"));
      out(printed(json, keys, pythonList(keys)));
    },
  },
  {
    name: "get_metadata",
    help: "Print one of a VM's metadata",
    options: [NAME, KEY, JSON_OUTPUT],
    run: async ({ given, at, json, out }) => {
      const value = await api.getMetadata(at, given.get("name"), given.get("metadata_name"));
      out(json ? printed(true, value, "") : `${value}\n`);
    },
  },
  {
    name: "set_metadata",
    help: "Set one of a VM's metadata",
    options: [
      NAME,
      KEY,
      { name: "metadata_value", takes: "text", placeholder: "VALUE", required: true, help: "its value" },
    ],
    run: ({ given, at }) =>
      api.setMetadata(at, given.get("name"), given.get("metadata_name"), given.get("metadata_value")),
  },
];
