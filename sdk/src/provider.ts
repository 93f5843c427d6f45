/** The module that the stub in a state requires. It keeps this name whatever becomes of the packages behind it. */
export * from "pulumi-seapath-provider";
