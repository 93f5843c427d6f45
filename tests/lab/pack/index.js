// A pack as a user makes one. What it is made of is the test's.
import { SeapathPolicyPack } from "pulumi-seapath-policy";

new SeapathPolicyPack(JSON.parse(process.env["SEAPATH_TEST_PACK"] ?? "{}"), { name: "testpack" });
