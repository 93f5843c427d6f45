"""Runs Pacemaker's scheduler on a copy of the CIB, and checks one: understands the output of every version from 2.1.5
to 3.0.3."""

# Needs: copies
import re
import tempfile
import xml.etree.ElementTree as ElementTree

# A node fails or comes back: the membership's entry for it.
EVENTS = {"-f": "false", "-u": "true"}
STATUS_BEFORE = re.compile(r"<cluster_status>.*?</cluster_status>", re.DOTALL)
# Warnings have the same exit code as errors, but Pacemaker acts in spite of them. These last words tell them apart:
# those of 2.1.5, 3.0.0 and 3.0.3.
WARNED = re.compile(
    r"(crm_verify: )?(Warnings found during check: config may not be valid|Configuration invalid \(with warnings\)|Configuration may need attention)"
)


def for_any_version(text, fencing):
    """Prepares a CIB for reading by another Pacemaker version than the cluster's. If it has the newer name of the
    property, both names get the value that the cluster itself reads (fencing), or, if that is unknown, the newer one's.
    """
    if '"fencing-enabled"' not in text:
        return text
    root = ElementTree.fromstring(text)
    sets = root.findall("configuration/crm_config/cluster_property_set")
    newer = next(
        ((each, pair) for each in sets for pair in each if pair.get("name") == "fencing-enabled" and pair.get("value")),
        None,
    )
    if newer is None:
        return text
    within, pair = newer
    value = pair.get("value") if fencing is None else "true" if fencing else "false"
    older = [each for every in sets for each in every if each.get("name") == "stonith-enabled"]
    if not older:
        older = [ElementTree.SubElement(within, "nvpair", id="%s-older-name" % pair.get("id"), name="stonith-enabled")]
    for each in older + [pair]:
        each.set("value", value)
    return ElementTree.tostring(root, encoding="unicode")


def unknown_of(root):
    """Which part of a CIB's version the tools here do not support, or None: they read nothing with another schema, and
    write nothing with a newer feature set."""
    schema, features = root.get("validate-with", "none"), root.get("crm_feature_set", "")
    if not can_write({"validate-with": schema}):
        return "schema, %s" % schema
    if features and not can_write({"validate-with": schema, "crm_feature_set": features}):
        return "feature set, %s" % features
    return None


def can_write(versions):
    """Whether the tools here can write an empty CIB of that version."""
    blank = ElementTree.Element("cib", dict({"admin_epoch": "0", "epoch": "0", "num_updates": "0"}, **versions))
    configuration = ElementTree.SubElement(blank, "configuration")
    for name in ("crm_config", "nodes", "resources", "constraints"):
        ElementTree.SubElement(configuration, name)
    ElementTree.SubElement(blank, "status")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "blank.xml")
        ElementTree.ElementTree(blank).write(path)
        done = subprocess.run(
            ["cibadmin", "--bump"], capture_output=True, timeout=60, env=dict(os.environ, CIB_file=path)
        )
    return done.returncode == 0


def run_scheduler(path, folder, options):
    return on_copy(["crm_simulate", "-x", path] + options + ["--output-as=xml"], path, folder)


def has_part(answer, name):
    return re.search(r"<%s[ />]" % name, answer) is not None


def with_event(path, folder, event, node):
    """A copy in which a node has failed or is back, with the entries that `crm_simulate` itself would write."""
    tree = ElementTree.parse(path)
    root = tree.getroot()
    state = next((each for each in root.iterfind("status/node_state") if each.get("uname") == node), None)
    if state is None:
        known = next((each for each in root.iterfind("configuration/nodes/node") if each.get("uname") == node), None)
        if known is None or root.find("status") is None:
            raise Failure("simulate", "the CIB says nothing of node %s, which cannot be lost or come back" % node)
        state = ElementTree.SubElement(root.find("status"), "node_state", id=known.get("id"), uname=node)
    state.attrib.update({"in_ccm": EVENTS[event], "crmd": "online", "join": "member", "expected": "member"})
    handle, into = tempfile.mkstemp(dir=folder, suffix=".xml")
    os.close(handle)
    tree.write(into)
    return into


def simulated(path, folder, options):
    """An answer of the scheduler: the initial state, and the actions."""
    answer = run_scheduler(path, folder, options)
    at = next((index for index, each in enumerate(options) if each in EVENTS), None)
    before = STATUS_BEFORE.search(answer)
    if at is not None and before is not None and not has_part(answer, "actions"):
        # From 2.1.8 to 3.0.3, nothing is printed after an event. The copy with the event shows the actions, but the
        # failed node has taken its part of the initial state with it.
        rest = options[:at] + options[at + 2 :]
        told = run_scheduler(with_event(path, folder, options[at], options[at + 1]), folder, rest)
        answer = STATUS_BEFORE.sub(lambda _: before.group(), told, count=1)
    lacks = [name for name in ("pacemaker-result", "cluster_status", "actions") if not has_part(answer, name)]
    if lacks:
        raise Failure("simulate", "crm_simulate %s answered without %s" % (" ".join(options), ", ".join(lacks)))
    return answer


def verify(path, folder):
    """The words of crm_verify. Only crm_verify reports what the scheduler ignores, such as fencing without a device."""
    done = subprocess.run(
        ["crm_verify", "-x", path, "-V", "-V"],
        capture_output=True,
        text=True,
        timeout=60,
        env=dict(os.environ, CIB_shadow_dir=folder),
    )
    if done.returncode not in (0, 78):
        raise Failure("simulate", "crm_verify failed (exit %d): %s" % (done.returncode, done.stderr.strip()[-500:]))
    words = done.stderr.strip()
    # Anything not known to be a warning is an error: a cluster that starts nothing must not count as valid.
    valid = done.returncode == 0 or WARNED.fullmatch(words.split("\n")[-1].strip()) is not None
    return {"valid": valid, "words": words[-3000:]}
