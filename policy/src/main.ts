/** The pack as it is: `pulumi preview --policy-pack <this folder>`. */
import { SeapathPolicyPack } from "./pack";

new SeapathPolicyPack();
