/** The pack without changes: `pulumi preview --policy-pack <this folder>`. */
import { SeapathPolicyPack } from "./pack";

new SeapathPolicyPack();
