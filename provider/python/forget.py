"""Forgets what Pacemaker still counts against a resource that is in its configuration no more. `crm_resource --cleanup` knows
no such resource as soon as its history is gone, and the counts of failures stay: they close nodes to the next of that name."""

# Needs: config_files
import re
import time
import xml.etree.ElementTree as ElementTree

# Between two looks, of which both have to find nothing where something had failed: Pacemaker records behind its work.
PAUSE_SECONDS = 0.5
# For so long the history is left to Pacemaker, which removes that of a resource that is gone by itself.
BY_ITSELF_SECONDS = 3
# What of a history is over: a probe, or a monitor or a start that failed, may leave nothing to stop.
PENDING, NOT_RUNNING = "-1", "7"
COUNTED = re.compile(r"(?:fail-count|last-failure)-([^#]+)(?:#.*)?")


def failures_of(rsc, state):
    """The failed and the pending operations in a node's history of a resource, and whether it may be active there."""
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
    """What is still there, as words; it is taken away as far as that is ours."""
    root = ElementTree.fromstring(command(["cibadmin", "--query"]))
    if any(each.get("id") == rsc for each in root.find("configuration/resources").iter("primitive")):
        return []  # somebody has made one of that name meanwhile: what is counted is of that one
    left = []
    for state in root.iterfind("status/node_state"):
        node = state.get("uname")
        failed, active = failures_of(rsc, state)
        if failed:
            left.append("%s on %s" % (", ".join(sorted({op.get("operation") for op in failed})), node))
            if not patient and not active and all(op.get("op-status") != PENDING for op in failed):
                # It may be gone in this very moment, and then there is nothing to forget: the next look says so.
                subprocess.run(
                    ["crm_resource", "--refresh", "--resource", rsc, "--node", node], capture_output=True, timeout=60
                )
        for name in counts_of(rsc, state):
            left.append("%s on %s" % (name, node))
            command(["attrd_updater", "--delete", "--name", name, "--node", node])
    return left


def forget(request):
    """Looks until nothing is left: once where nothing is known to have failed, and else until two looks find nothing."""
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
