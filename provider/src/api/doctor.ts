/** One look at a cluster: whether it is fit. */
import { currentCluster } from "../session";
import { diagnose as look, type Diagnosis } from "../vmmgr";
import type { At } from "./at";

/** Looks at a cluster for whatever may be wrong with it, and says what to do. Nothing is changed. */
export const diagnose = (at: At): Promise<Diagnosis> => look(currentCluster(at.cluster));
