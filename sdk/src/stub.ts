/**
 * What stands in `__provider` of each resource in a state: a few lines that call the installed package, and no code of ours
 * beside them (docs/decisions/0001). Pulumi would write the same of an object of functions; for that it loads a compiler and an
 * inspector, a third of a second of each run. A test holds the text to what was written before, and to what Pulumi writes.
 */

/** What Pulumi calls, with the names of what it hands over. */
const METHODS = {
  configure: ["request"],
  check: ["olds", "news"],
  diff: ["id", "olds", "news"],
  create: ["inputs"],
  read: ["id", "props"],
  update: ["id", "olds", "news"],
  delete: ["id", "props"],
};

/** A function of the text. @param captured what its body refers to, as it is written */
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
 * The text of a kind, by the name of its class. That of `Vm` is as it was before there were others.
 * @param secret keys of the configuration that are secret: nothing else tells the provider. Mostly none, and then the text says nothing of it
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
