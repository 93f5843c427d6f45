/** Diagnoses a cluster. */
import { currentCluster } from "../session";
import { diagnose as look, type Diagnosis } from "../vmmgr";
import type { At } from "./at";

/** Checks a cluster for problems, with advice on each. Changes nothing. */
export const diagnose = (at: At): Promise<Diagnosis> => look(currentCluster(at.cluster));
