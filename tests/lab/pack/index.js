// A pack as a user would write it. The test supplies its content.
import { SeapathPolicyPack } from "pulumi-seapath-policy";

new SeapathPolicyPack(JSON.parse(process.env["SEAPATH_TEST_PACK"] ?? "{}"), { name: "testpack" });
