/** Which keys of the stack's configuration were set with `--secret`. Pulumi tells the program, and no provider of its own accord. */
import * as pulumi from "@pulumi/pulumi";

/** Those that name what an error would name. */
const NAMED_IN_ERRORS = ["seapath:hosts"];

/** Pulumi's own, and not in its types. By it a program of the automation API, which shares its process with others, is told too. */
const { isConfigSecret } = pulumi.runtime as { isConfigSecret?: (key: string) => boolean };

const isSecret = (key: string) =>
  isConfigSecret?.(key) ?? (JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] || "[]") as string[]).includes(key);

/** The secret ones among the keys whose values errors name. */
export const secretKeys = (): string[] => NAMED_IN_ERRORS.filter(isSecret);
