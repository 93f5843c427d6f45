/** Builds the guests; runs in the root of a release other than this machine's. */
import { buildGuests } from "./build.ts";

await buildGuests();
