"""A copy of the CIB after the scheduler's actions, computed in one step. `crm_simulate -S` rewrites the whole copy for
each action, which takes minutes for hundreds of them."""

import hashlib
import itertools
import re
import xml.etree.ElementTree as ElementTree

# By action, whether the primitive is active in the end on the action's node, or on its destination.
ENDS = {"start": True, "stop": False, "move": True, "migrate": True, "recover": True, "restart": True, "reload": True}
PLAIN = re.compile(r"^[^&<>\"'\x00-\x1f\x7f-\uffff]*$")


class Unwritable(Exception):
    """An action whose history cannot be written in the scheduler's place, and why."""


def digest_of(pairs):
    """The digest by which the scheduler detects changed parameters, as Pacemaker 2.1 and 3.0 compute it."""
    values = {}
    for pair in pairs:
        values.setdefault(pair[0], pair[1])
    if not all(isinstance(value, str) and PLAIN.match(value) for value in values.values()):
        raise Unwritable("there are parameters with signs that XML escapes")
    text = " <parameters%s/>\n" % "".join(' %s="%s"' % each for each in sorted(values.items()))
    return hashlib.md5(text.encode()).hexdigest()


def parameters_of(primitive):
    sets = primitive.findall("instance_attributes")
    if any(each.get("id-ref") or each.find("rule") is not None for each in sets):
        raise Unwritable("there are parameters by a rule or by reference")
    return [(pair.get("name"), pair.get("value")) for each in sets for pair in each.findall("nvpair")]


def known_of(root):
    """For each primitive, its type for the history and its parameters. The connection to a guest node is included,
    though no part of the CIB defines it. Members of clones and bundles are left out: they have names and states of
    their own.
    """
    several = {
        each for name in ("clone", "bundle", "master") for outer in root.iter(name) for each in outer.iter("primitive")
    }
    known = {}
    for primitive in (each for each in root.iter("primitive") if each not in several):
        kind = {key: primitive.get(key) for key in ("class", "provider", "type") if primitive.get(key)}
        known[primitive.get("id")] = (kind, primitive)
        meta = {pair.get("name"): pair.get("value") for pair in primitive.iterfind("meta_attributes/nvpair")}
        if "remote-node" in meta:
            kind = {"class": "ocf", "provider": "pacemaker", "type": "remote", "container": primitive.get("id")}
            at = [(name, meta[key]) for name, key in (("addr", "remote-addr"), ("port", "remote-port")) if key in meta]
            known[meta["remote-node"]] = (kind, at)
    return known


class Histories:
    """The last operations in each node's history, by node and primitive."""

    def __init__(self, root):
        self.feature_set = root.get("crm_feature_set", "")
        self.states = {state.get("uname"): state for state in root.findall("status/node_state")}
        self.calls = itertools.count(1000)
        self.lists = {}

    def of(self, node):
        if node not in self.lists:
            state = self.states[node]
            lrm = state.find("lrm")
            if lrm is None:
                lrm = ElementTree.SubElement(state, "lrm", id=state.get("id"))
            resources = lrm.find("lrm_resources")
            if resources is None:
                resources = ElementTree.SubElement(lrm, "lrm_resources")
            self.lists[node] = (resources, {each.get("id"): each for each in resources})
        return self.lists[node]

    def write(self, node, rsc, known, operation):
        """Makes this operation the last and only one."""
        kind, parameters = known
        resources, by_id = self.of(node)
        if rsc in by_id:
            resources.remove(by_id[rsc])
        by_id[rsc] = ElementTree.SubElement(resources, "lrm_resource", dict(kind, id=rsc))
        call = str(next(self.calls))
        key = "%s:0:0:00000000-0000-0000-0000-000000000000" % call
        ElementTree.SubElement(
            by_id[rsc],
            "lrm_rsc_op",
            {
                "id": rsc + "_last_0",
                "operation_key": "%s_%s_0" % (rsc, operation),
                "operation": operation,
                "transition-key": key,
                "transition-magic": "0:0;" + key,
                "crm_feature_set": self.feature_set,
                "call-id": call,
                "rc-code": "0",
                "op-status": "0",
                "interval": "0",
                "op-digest": digest_of(parameters if isinstance(parameters, list) else parameters_of(parameters)),
            },
        )

    def forget(self, node):
        """Forgets a node's history. A node that never joined has no state, and so nothing to forget."""
        self.lists.pop(node, None)
        if node in self.states:
            for lrm in self.states[node].findall("lrm"):
                self.states[node].remove(lrm)

    def lose(self, node):
        self.forget(node)
        if node in self.states:
            self.states[node].attrib.update({"in_ccm": "false", "crmd": "offline", "join": "down", "expected": "down"})


def executed(path, answer, lost, into):
    """Writes the copy with all actions of an answer done, and the lost node permanently gone. Raises Unwritable, for
    example for members of clones.
    """
    tree = ElementTree.parse(path)
    histories, known = Histories(tree.getroot()), known_of(tree.getroot())
    if lost is not None:
        histories.lose(lost)
    actions = [
        each.attrib
        for each in ElementTree.fromstring(answer).findall("actions/rsc_action")
        if each.get("blocked") != "true"
    ]
    for action in actions:
        rsc, kind = action["resource"], action["action"]
        source, target = (
            action.get("source", action.get("node")),
            action.get("dest", action.get("node", action.get("source"))),
        )
        if kind not in ENDS or rsc not in known or target not in histories.states:
            raise Unwritable("%s of %s on %s" % (kind, rsc, target))
        if source in histories.states and source not in (lost, target):
            histories.write(source, rsc, known[rsc], "stop")
        histories.write(target, rsc, known[rsc], "start" if ENDS[kind] else "stop")
        # A restarted guest node is empty.
        if "container" in known[rsc][0] and rsc in histories.states:
            histories.forget(rsc)
    tree.write(into)
