/** What the stub in a state requires: it stays under this name whatever becomes of the packages behind it. */
export * from "pulumi-seapath-provider";
