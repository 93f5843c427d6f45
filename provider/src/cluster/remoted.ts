/** pacemaker_remoted inside a guest, and the node that Pacemaker makes of it. */
import { z } from "zod";
import type { Runner } from "../transport/types";
import { readAs } from "./answers";
import { runProgram } from "./program";

const answerSchema = z.object({ answer: z.enum(["accepted", "refused", "silent", "unknown"]), reason: z.string() });

/** Where pacemaker_remoted listens. */
export interface Endpoint {
  address: string;
  port: number;
}

/** `accepted`; `refused`: it has another key; `silent`: no answer; `unknown`: the node cannot find out. */
export type Reach = z.infer<typeof answerSchema>;

/**
 * Checks whether pacemaker_remoted answers.
 * @param options `key`: also check that it accepts the nodes' key. Only for an endpoint without a connection from
 * Pacemaker: a second connection makes it drop the first, and the guest with it
 */
export async function reachRemoted(
  runner: Runner,
  { address, port }: Endpoint,
  options: { key: boolean; seconds: number },
): Promise<Reach> {
  const request = { address, port, ...options };
  const timeoutMs = (options.seconds + 40) * 1000;
  return readAs(
    answerSchema,
    await runProgram(runner, "reach", request, { readOnly: true, timeoutMs }),
    "the reach program",
  );
}

/** Makes Pacemaker forget a guest node that is gone: its state, its attributes, and the history of operations in it. */
export async function forgetNode(runner: Runner, node: string): Promise<void> {
  await runner.run({ argv: ["crm_node", "--force", "--remove", node], timeoutMs: 60_000 });
}

/** The metadata of a resource agent on a node: its parameters, and which of them are required. */
export interface AgentFacts {
  parameters: { name: string; required: boolean }[];
}

/** The metadata of a node's agent, or undefined if the node does not have it. */
export async function findAgent(runner: Runner, agent: string): Promise<AgentFacts | undefined> {
  const argv = ["crm_resource", `--show-metadata=${agent}`];
  const okExitCodes = Array.from({ length: 256 }, (_, code) => code);
  const { exitCode, stdout } = await runner.run({ argv, readOnly: true, okExitCodes });
  if (exitCode !== 0) return undefined;
  const tags = [...stdout.matchAll(/<parameter\s([^>]*)>/g)].map(([, attributes = ""]) => attributes);
  const value = (attributes: string, name: string) => new RegExp(`\\b${name}=["']([^"']*)["']`).exec(attributes)?.[1];
  return {
    parameters: tags.map((each) => ({ name: value(each, "name") ?? "", required: value(each, "required") === "1" })),
  };
}
