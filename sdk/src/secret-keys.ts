/** Which configuration keys were set with `--secret`. Pulumi tells the program, but not the provider. */
import * as pulumi from "@pulumi/pulumi";

/** Keys whose values errors would show. */
const NAMED_IN_ERRORS = ["seapath:hosts"];

/**
 * Internal to Pulumi and missing from its types. It also works for an Automation API program, which shares its process
 * with others.
 */
const { isConfigSecret } = pulumi.runtime as { isConfigSecret?: (key: string) => boolean };

const isSecret = (key: string) =>
  isConfigSecret?.(key) ?? (JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] || "[]") as string[]).includes(key);

/** The secret keys among those whose values errors would show. */
export const secretKeys = (): string[] => NAMED_IN_ERRORS.filter(isSecret);
