"""Clears what Pacemaker still counts against a resource that is no longer in its configuration. `crm_resource
--cleanup` rejects the resource as soon as its history is gone, but the failure counts stay: they ban the next resource
of that name from nodes."""

# Needs: config_files
import re
import time
import xml.etree.ElementTree as ElementTree

# The pause between two checks, both of which must find nothing after a failure: Pacemaker records with a delay.
PAUSE_SECONDS = 0.5
# How long to leave the history to Pacemaker, which removes that of a deleted resource itself.
BY_ITSELF_SECONDS = 3
# History entries that are over: a probe, or a failed monitor or start, may leave nothing to stop.
PENDING, NOT_RUNNING = "-1", "7"
COUNTED = re.compile(r"(?:fail-count|last-failure)-([^#]+)(?:#.*)?")


def failures_of(rsc, state):
    """The failed and pending operations in a node's history of a resource, and whether it may be active there."""
    operations = [op for each in state.iter("lrm_resource") if each.get("id") == rsc for op in each.iter("lrm_rsc_op")]
    late = [op for op in operations if op.get("op-status") == PENDING]
    bad = [op for op in operations if op.get("op-status") != PENDING and op.get("rc-code") not in ("0", NOT_RUNNING)]
    last = max(operations, key=lambda op: int(op.get("call-id", "0")), default=None)
    active = last is not None and last.get("rc-code") == "0" and last.get("operation") not in ("stop", "migrate_to")
    return late + bad, active


def counts_of(rsc, state):
    """The names of the attributes that count its failures on a node."""
    names = [pair.get("name") or "" for pair in state.iterfind("transient_attributes/instance_attributes/nvpair")]
    return [name for name in names if (COUNTED.fullmatch(name) or [None] * 2)[1] == rsc]


def look_and_forget(rsc, patient):
    """What is still there, in words. Removes the part that is ours to remove."""
    root = ElementTree.fromstring(command(["cibadmin", "--query"]))
    if any(each.get("id") == rsc for each in root.find("configuration/resources").iter("primitive")):
        return []  # a new one with that name exists meanwhile: the counts are its own
    left = []
    for state in root.iterfind("status/node_state"):
        node = state.get("uname")
        failed, active = failures_of(rsc, state)
        if failed:
            left.append("%s on %s" % (", ".join(sorted({op.get("operation") for op in failed})), node))
            if not patient and not active and all(op.get("op-status") != PENDING for op in failed):
                # It may just have gone, and then there is nothing to clear: the next check shows that.
                subprocess.run(
                    ["crm_resource", "--refresh", "--resource", rsc, "--node", node], capture_output=True, timeout=60
                )
        for name in counts_of(rsc, state):
            left.append("%s on %s" % (name, node))
            command(["attrd_updater", "--delete", "--name", name, "--node", node])
    return left


def forget(request):
    """Checks until nothing is left: once if no failure is known, otherwise until two checks in a row find nothing."""
    rsc, begun, quiet = request["resource"], time.monotonic(), 0
    needed, found = (2 if request["failed"] else 1), []
    while True:
        waited = time.monotonic() - begun
        left = look_and_forget(rsc, waited < BY_ITSELF_SECONDS)
        found += [each for each in left if each not in found]
        needed = 2 if found else needed
        quiet = 0 if left else quiet + 1
        if quiet >= needed or waited > request["seconds"]:
            stays = remove_config_files(rsc, request.get("nodes", []))
            return {"found": found, "left": left, "stays": stays}
        time.sleep(PAUSE_SECONDS)


def main(encoded):
    run(forget, encoded)
