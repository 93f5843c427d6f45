/**
 * The `__provider` text of each resource in a state: a few lines that call the installed package, with no code of ours
 * (docs/decisions/0001). Pulumi could serialize the same from an object of functions, but loads a compiler and an
 * inspector for that, a third of a second per run. A test compares the text with earlier releases and with what Pulumi
 * serializes.
 */

/** The methods that Pulumi calls, with their parameter names. */
const METHODS = {
  configure: ["request"],
  check: ["olds", "news"],
  diff: ["id", "olds", "news"],
  create: ["inputs"],
  read: ["id", "props"],
  update: ["id", "olds", "news"],
  delete: ["id", "props"],
};

/** A function in the text. @param captured what its body refers to, as serialized */
const written = (name: string, parameters: readonly string[], captured: string, body: string): string => `
function ${name}(${parameters.map((_, index) => `__${index}`).join(", ")}) {
  return (function() {
    with({ ${captured}this: undefined, arguments: undefined }) {

return ${body};

    }
  }).apply(undefined, undefined).apply(this, arguments);
}
`;

/**
 * The text for a resource kind, by its class name. `Vm` keeps the form from when it was the only kind.
 * @param secret secret configuration keys, which the provider learns no other way. Usually none, and then the text
 * omits them
 */
export function stubText(kind: string, secret: readonly string[] = []): string {
  const [captured, provider] =
    kind === "Vm" ? ["", "providers.Vm"] : [`kind: ${JSON.stringify(kind)}, `, "providers[kind]"];
  const methods = Object.entries(METHODS).map(([method, parameters], index) => {
    const target = method === "configure" ? method : `${provider}.${method}`;
    const more = method === "configure" && secret.length > 0 ? [JSON.stringify(secret)] : [];
    const body = `async (${parameters.join(", ")}) => require("pulumi-seapath/provider").${target}(${[...parameters, ...more].join(", ")})`;
    return {
      method,
      name: `__f${index + 1}`,
      text: written(`__f${index + 1}`, parameters, method === "configure" ? "" : captured, body),
    };
  });
  return [
    "exports.handler = __f0;\n",
    `\nvar __provider = {${methods.map(({ method, name }) => `${method}: ${name}`).join(", ")}};\n`,
    ...methods.map(({ text }) => text),
    written("__f0", [], "provider: __provider, ", "() => provider"),
  ].join("");
}
