"""What Pacemaker would do: its own scheduler on copies of the CIB. The cluster itself is only looked at."""
# Needs: copies
import os
import re
import tempfile
import xml.etree.ElementTree as ElementTree

# `-S` writes the copy anew for each action: fine for some dozens, minutes for hundreds.
EXECUTED_ACTIONS = 60
# As many runs of the scheduler are followed: VMs, the connections to guest nodes in them, and what is inside of those.
TRANSITIONS = 3


def simulated(path, folder, options):
    argv = ["crm_simulate", "-x", path] + options + ["--output-as=xml"]
    text = on_copy(argv, path, folder)
    if "<pacemaker-result" not in text:
        raise Failure("simulate", "crm_simulate said nothing: %s" % " ".join(options))
    return text


def verify(path, folder):
    """The words of crm_verify, which alone says what the scheduler passes over: a fencing without a device, say."""
    done = subprocess.run(
        ["crm_verify", "-x", path, "-V", "-V"], capture_output=True, text=True, timeout=60,
        env=dict(os.environ, CIB_shadow_dir=folder),
    )
    if done.returncode not in (0, 78):
        raise Failure("simulate", "crm_verify failed (exit %d): %s" % (done.returncode, done.stderr.strip()[-500:]))
    words = done.stderr.strip()
    # Warnings have the exit code of errors. Pacemaker acts in spite of them.
    return {"valid": done.returncode == 0 or "Errors found during check" not in words, "words": words[-3000:]}


def copy_with(text, patch, standby, path, folder):
    with open(path, "w") as file:
        file.write(text)
    if patch:
        on_copy(["cibadmin", "--patch", "--xml-pipe"], path, folder, patch)
    for node in standby:
        on_copy(["crm_attribute", "--node", node, "--name", "standby", "--update", "on"], path, folder)


def with_guests(path):
    """
    The configuration of a copy as text, without the part that says what its resources do, which is the larger one. Until a
    guest node has connected for the first time the scheduler has no place for it in that part, and lets nothing into it.
    """
    tree = ElementTree.parse(path)
    root, status = tree.getroot(), tree.getroot().find("status")
    guests = [pair.get("value") for pair in root.iterfind(".//primitive/meta_attributes/nvpair[@name='remote-node']")]
    known = set() if status is None else {state.get("uname") for state in status.findall("node_state")}
    if status is not None and not known.issuperset(guests):
        for guest in set(guests) - known:
            ElementTree.SubElement(status, "node_state", id=guest, uname=guest, remote_node="true", in_ccm="true", node_fenced="0")
        tree.write(path)
    for each in root.findall("status"):
        root.remove(each)
    return ElementTree.tostring(root, encoding="unicode"), len(guests) > 0


def actions_of(answer):
    return len(re.findall(r"<rsc_action ", answer))


def follow(path, folder, name, options, deep):
    """
    One run of the scheduler after the other until it has nothing left to do: what is inside of a guest node starts once
    that is there. Returns the answers, and the copy as it is in the end, or None where that is too much to follow.
    """
    answers = [simulated(path, folder, ["-R", "-s"] + options)]
    while len(answers) <= TRANSITIONS:
        count = actions_of(answers[-1])
        if count > EXECUTED_ACTIONS:
            return answers, None
        if count == 0 and not options:
            return answers, path
        after = os.path.join(folder, "%s%d.xml" % (name, len(answers)))
        simulated(path, folder, ["-S", "-O", after] + options)
        path, options = after, []
        if not deep:
            return answers, path
        answers.append(simulated(path, folder, ["-R", "-s"]))
    return answers, path


def failback(lost, folder, node, answers):
    """What happens when a lost node comes back, its VMs having been recovered elsewhere."""
    if lost is None:
        return {"not": "its loss takes %d actions; more than %d are not followed up" % (actions_of(answers[-1]), EXECUTED_ACTIONS)}
    tree = ElementTree.parse(lost)
    for state in tree.getroot().findall("./status/node_state[@uname='%s']" % node):
        # It comes back with nothing on it. What was known of it before would be a second copy of each of its VMs.
        for history in state.findall("lrm"):
            state.remove(history)
    path = os.path.join(folder, "back.xml")
    tree.write(path)
    return {"answer": simulated(path, folder, ["-R", "-s", "-u", node])}


def simulate(request):
    text = request.get("cib") or command(["cibadmin", "--query"])
    standby, returns = request.get("standby", []), request.get("failback", False)
    with tempfile.TemporaryDirectory() as folder:
        planned = os.path.join(folder, "planned.xml")
        copy_with(text, request["patches"][0], standby, planned, folder)
        verified = verify(planned, folder)
        declared, guests = with_guests(planned)
        baseline, after = follow(planned, folder, "after", [], True)
        orders = []
        for index, patch in enumerate(request["patches"][1:]):
            path = os.path.join(folder, "order%d.xml" % index)
            copy_with(text, patch, standby, path, folder)
            orders.append(simulated(path, folder, ["-R"]))
        lost, back = {}, {}
        # A node is lost after the change, not before it: what stands where counts then. One loss at a time.
        for node in request.get("lose", []):
            lost[node], end = loss(after or planned, folder, node, guests, returns)
            if returns:
                back[node] = failback(end, folder, node, lost[node])
        return {
            "cib": text, "planned": declared, "verified": verified,
            "baseline": baseline, "orders": orders, "lost": lost, "back": back,
        }


def loss(path, folder, node, guests, returns):
    """What the loss of a node does; looked at further than that only where it says more."""
    if guests or returns:
        return follow(path, folder, "lost", ["-f", node], guests)
    return [simulated(path, folder, ["-R", "-s", "-f", node])], None


def main(encoded):
    run(simulate, encoded)
