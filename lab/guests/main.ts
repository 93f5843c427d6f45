/** Builds the guests: what runs in the root of another release than this machine's. */
import { buildGuests } from "./build.ts";

await buildGuests();
