"""What Pacemaker would do: its own scheduler on copies of the CIB. The cluster itself is only read."""

# Needs: scheduler, executed, forget, masked
import concurrent.futures
import os
import re
import tempfile
import xml.etree.ElementTree as ElementTree

# The limit for `-S`, which rewrites the copy for each action: it handles what cannot be written in one step.
STEPWISE_ACTIONS = 60
# How many successive scheduler runs to follow: VMs, the connections to guest nodes in them, and the resources inside
# those.
TRANSITIONS = 3
AT_ONCE = min(4, os.cpu_count() or 1)


def copy_with(text, patch, standby, path, folder):
    with open(path, "w") as file:
        file.write(text)
    if holds_changes(patch):
        on_copy(["cibadmin", "--patch", "--xml-pipe"], path, folder, patch)
    for node in standby:
        on_copy(["crm_attribute", "--node", node, "--name", "standby", "--update", "on"], path, folder)


def without_failures(path, names):
    """The copy without failures counted against resources that run nowhere: the provider clears those before it starts
    them."""
    tree = ElementTree.parse(path)
    states = tree.getroot().findall("status/node_state")
    for rsc in names:
        found = [(state, failures_of(rsc, state)) for state in states]
        if any(active for _, (_, active) in found):
            continue
        for state, (failed, _) in found:
            for pairs in state.findall("transient_attributes/instance_attributes"):
                for pair in [each for each in pairs if each.get("name") in counts_of(rsc, state)]:
                    pairs.remove(pair)
            for kept in state.findall("lrm/lrm_resources") if failed else []:
                for each in [each for each in kept if each.get("id") == rsc]:
                    kept.remove(each)
    tree.write(path)


def with_guests(path):
    """A copy's configuration as text, without the status part, which is the larger one. Until a guest node has
    connected for the first time, the scheduler finds no place for it in the status, and puts nothing into it.
    """
    tree = ElementTree.parse(path)
    root, status = tree.getroot(), tree.getroot().find("status")
    guests = [pair.get("value") for pair in root.iterfind(".//primitive/meta_attributes/nvpair[@name='remote-node']")]
    known = set() if status is None else {state.get("uname") for state in status.findall("node_state")}
    if status is not None and not known.issuperset(guests):
        for guest in set(guests) - known:
            ElementTree.SubElement(
                status, "node_state", id=guest, uname=guest, remote_node="true", in_ccm="true", node_fenced="0"
            )
        tree.write(path)
    for each in root.findall("status"):
        root.remove(each)
    return ElementTree.tostring(root, encoding="unicode"), len(guests) > 0


def actions_of(answer):
    return len(re.findall(r"<rsc_action ", answer))


def carry_out(path, folder, answer, lost, into):
    """Writes the copy as it is after an answer's actions. Returns why that is impossible, or None."""
    try:
        executed(path, answer, lost, into)
        return None
    except Unwritable as reason:
        count = actions_of(answer)
        if count > STEPWISE_ACTIONS:
            return "%s; %d actions are too many to be done one by one" % (reason, count)
    simulated(path, folder, ["-S", "-O", into] + ([] if lost is None else ["-f", lost]))
    return None


def follow(path, folder, lost=None, deep=True):
    """Successive scheduler runs until nothing is left to do: resources inside a guest node start once that is up.
    Returns the answers, and the final copy, or None and the reason.
    """
    answers = [simulated(path, folder, ["-R", "-s"] + ([] if lost is None else ["-f", lost]))]
    while lost is not None or actions_of(answers[-1]) > 0:
        after = "%s.%s%d" % (path, lost or "", len(answers))
        why = carry_out(path, folder, answers[-1], lost, after)
        if why is not None:
            return answers, None, why
        path, lost = after, None
        if not deep or len(answers) == TRANSITIONS:
            break
        answers.append(simulated(path, folder, ["-R", "-s"]))
    return answers, path, None


def failback(lost, folder, node):
    """What happens when a lost node comes back empty, after its VMs have been recovered elsewhere."""
    tree = ElementTree.parse(lost)
    # Its old history would be a second copy of each of its VMs.
    Histories(tree.getroot()).forget(node)
    path = "%s.back" % lost
    tree.write(path)
    return simulated(path, folder, ["-R", "-s", "-u", node])


def lose_one(path, folder, node, guests, returns):
    """The effects of a node's loss and its return; goes beyond the loss only if that shows more."""
    if not guests and not returns:
        return [simulated(path, folder, ["-R", "-s", "-f", node])], None
    answers, end, why = follow(path, folder, node, guests)
    if not returns:
        return answers, None
    return answers, {"not": why} if end is None else {"answer": failback(end, folder, node)}


def reordered(planned, names, path):
    """The copy with primitives created in another order."""
    tree = ElementTree.parse(planned)
    resources = tree.getroot().find("configuration/resources")
    by_id = {each.get("id"): each for each in resources}
    for each in (by_id[name] for name in names):
        resources.remove(each)
        resources.append(each)
    tree.write(path)


def as_written(text, folder):
    """A scheduler run on an unmodified CIB."""
    path = os.path.join(folder, "kept%s.xml" % hashlib.md5(text.encode()).hexdigest())
    with open(path, "w") as file:
        file.write(text)
    return ElementTree.tostring(ElementTree.fromstring(simulated(path, folder, ["-R"])).find("actions"))


def kept(text, folder, fencing):
    """The CIB for storage. It does not assume that the secrets are irrelevant, but tests it."""
    masked, names = without_secrets(text)
    if names and as_written(masked, folder) != as_written(text, folder):
        raise Failure(
            "simulate",
            "the cluster cannot be written down: without %s the scheduler would do something else" % ", ".join(names),
        )
    return for_any_version(masked, fencing)


def simulate(request):
    """The tools' words go into answers and errors, and may quote the CIB."""
    text = for_any_version(request["cib"], None) if request.get("cib") else command(["cibadmin", "--query"])
    root = ElementTree.fromstring(text)
    _, secrets = secrets_of(root)
    try:
        answer = simulate_on(text, request)
    except Failure as failure:
        unknown = unknown_of(root) if request.get("cib") else None
        if unknown:
            words = "the CIB is of a newer Pacemaker: the tools here do not know its %s; ask tools that are as new as the cluster's"
            raise Failure("schema", words % unknown) from None
        raise Failure(failure.kind, hidden(str(failure), secrets)) from None
    answer["verified"]["words"] = hidden(answer["verified"]["words"], secrets)
    return answer


def simulate_on(text, request):
    os.nice(10)  # the node also runs VMs
    standby, returns = request.get("standby", []), request.get("failback", False)
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        planned = os.path.join(folder, "planned.xml")
        copy_with(text, request["patch"], standby, planned, folder)
        if request.get("forgotten"):
            without_failures(planned, request["forgotten"])
        declared, guests = with_guests(planned)

        def in_order(index, names):
            path = os.path.join(folder, "order%d.xml" % index)
            reordered(planned, names, path)
            return simulated(path, folder, ["-R"])

        keep = pool.submit(kept, text, folder, request.get("fencing")) if request.get("keep") else None
        verified = pool.submit(verify, planned, folder)
        first = pool.submit(follow, planned, folder)
        orders = [pool.submit(in_order, index, names) for index, names in enumerate(request.get("orders", []))]
        baseline, after, _ = first.result()
        # A node is lost after the change, not before it, so the placement at that time counts. One loss at a time.
        losses = {
            node: pool.submit(lose_one, after or planned, folder, node, guests, returns)
            for node in request.get("lose", [])
        }
        lost = {node: each.result() for node, each in losses.items()}
        return {
            "kept": keep.result() if keep else None,
            "planned": declared,
            "verified": verified.result(),
            "baseline": baseline,
            "orders": [each.result() for each in orders],
            "lost": {node: answers for node, (answers, _) in lost.items()},
            "back": {node: back for node, (_, back) in lost.items() if back is not None},
        }


def main(encoded):
    run(simulate, encoded)
