/** Writes inputs as a TypeScript program. */

const isIdentifier = (key: string) => /^[A-Za-z_$][\w$]*$/.test(key);

const RESERVED = new Set(
  (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends false " +
    "finally for function if implements import in instanceof interface let new null package private protected public return " +
    "static super switch this throw true try typeof var void while with yield seapath"
  ).split(" "),
);

function literal(value: unknown, indent: string): string {
  const deeper = `${indent}  `;
  if (Array.isArray(value))
    return value.length === 0 ? "[]" : `[${value.map((each) => literal(each, indent)).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const lines = Object.entries(value).map(
      ([key, each]) => `${deeper}${isIdentifier(key) ? key : JSON.stringify(key)}: ${literal(each, deeper)},\n`,
    );
    return lines.length === 0 ? "{}" : `{\n${lines.join("")}${indent}}`;
  }
  return JSON.stringify(value);
}

/**
 * A program that declares each of the VMs. Names are letters and digits; those that start with a digit, or are reserved
 * words, get a prefix.
 * @param cluster the name of their cluster in `seapath:clusters`, if it has one
 */
export function programText(vms: ReadonlyMap<string, Record<string, unknown>>, cluster?: string): string {
  const variable = (name: string) => (isIdentifier(name) && !RESERVED.has(name) ? name : `vm${name}`);
  const classes = [...vms].map(
    ([name, inputs]) =>
      `export const ${variable(name)} = new seapath.Vm(${JSON.stringify(name)}, ${literal(cluster === undefined ? inputs : { cluster, ...inputs }, "")});\n`,
  );
  return `import * as seapath from "pulumi-seapath";\n\n${classes.join("\n")}`;
}
