"""A CIB that may leave the cluster: without its secrets, yet with the same answers from the scheduler. The scheduler
compares a digest of each resource's parameters with the one in its history: for masked parameters, the history's digest
is recomputed."""

# Needs: executed, secret_words
import hashlib
import re
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

# Shorter ones occur in other values by chance.
SHORTEST = 6
DIGESTS = ("op-digest", "op-restart-digest", "op-secure-digest")
# The characters escaped in a digest's input: by Pacemaker 2.1, and by 3.0.
ESCAPED = ({'"': "&quot;", "'": "&apos;"}, {'"': "&quot;"})


def digest_of_parameters(values, quoted):
    """The digest as Pacemaker computes it, including characters that XML escapes."""
    text = " <parameters%s/>\n" % "".join(' %s="%s"' % (name, escape(values[name], quoted)) for name in sorted(values))
    return hashlib.md5(text.encode()).hexdigest()


def milliseconds(text):
    found = re.match(r"^\s*(\d+)\s*(ms|msec|s|sec|m|min|h|hr)?\s*$", text or "")
    factors = {"ms": 1, "msec": 1, "m": 60000, "min": 60000, "h": 3600000, "hr": 3600000}
    return None if found is None else str(int(found.group(1)) * factors.get(found.group(2), 1000))


def private_names(root):
    """The parameters that each resource's agent calls private, from its history."""
    names = {}
    for resource in root.iterfind(".//lrm_resource"):
        for operation in resource.iter("lrm_rsc_op"):
            names.setdefault(resource.get("id"), set()).update(operation.get("op-secure-params", "").split())
    return names


def is_secret(pair, private=()):
    name, value = pair.get("name", ""), pair.get("value")
    return bool(value) and (name in private or bool(SECRET_NAME.search(name)) or bool(SECRET_VALUE.search(value)))


def own_parameters(root):
    """The parameters of each resource, followed by those of its template."""
    sets = {
        each.get("id"): each.findall("instance_attributes")
        for name in ("primitive", "template")
        for each in root.iter(name)
    }
    found = {}
    for primitive in root.iter("primitive"):
        values = {}
        for pair in (
            pair
            for each in sets[primitive.get("id")] + sets.get(primitive.get("template"), [])
            for pair in each.findall("nvpair")
        ):
            values.setdefault(pair.get("name"), pair.get("value", ""))
        found[primitive.get("id")] = values
    return found


def variants(values, operation, timeouts):
    """The possible inputs of an operation's digest: all parameters, with its timeout if it recurs, or only some of
    them."""
    bases = [values, {name: value for name, value in values.items() if not name.startswith("pcmk_")}]
    bases += [dict(each, CRM_meta_timeout=timeout) for each in bases for timeout in timeouts]
    private, forced = (set(operation.get(key, "").split()) for key in ("op-secure-params", "op-force-restart"))
    return (
        bases
        + [{name: value for name, value in each.items() if name not in private} for each in bases]
        + [
            {name: value for name, value in values.items() if name in forced},
            {name: value for name, value in values.items() if name not in forced},
        ]
    )


def renewed_digests(root, before, after):
    """Digests of the original parameters, each with that of the masked ones."""
    spelled = {each.get("timeout") for each in root.iter("op")} | {"20s"}
    spelled |= {pair.get("value") for pair in root.iterfind(".//op//nvpair[@name='timeout']")}
    spelled |= {pair.get("value") for pair in root.iterfind(".//op_defaults//nvpair[@name='timeout']")}
    timeouts = sorted({ms for ms in map(milliseconds, spelled) if ms is not None})
    renewed = {}
    for resource in root.iterfind(".//lrm_resource"):
        rsc = resource.get("id", "").split(":")[0]
        if before.get(rsc) == after.get(rsc):
            continue
        for operation in resource.iter("lrm_rsc_op"):
            pairs = list(zip(variants(before[rsc], operation, timeouts), variants(after[rsc], operation, timeouts)))
            made = {
                digest_of_parameters(old, signs): digest_of_parameters(new, signs)
                for signs in ESCAPED
                for old, new in pairs
            }
            for key in DIGESTS:
                if operation.get(key) in made:
                    renewed[operation.get(key)] = made[operation.get(key)]
                    operation.set(key, made[operation.get(key)])
    return renewed


def secrets_of(root):
    """The pairs that hold secrets, and the secret values."""
    private = private_names(root)
    pairs = {pair for pair in root.iter("nvpair") if is_secret(pair)}
    for primitive in root.iter("primitive"):
        names = private.get(primitive.get("id"), set())
        pairs.update(pair for pair in primitive.iterfind("instance_attributes/nvpair") if is_secret(pair, names))
    return pairs, {pair.get("value") for pair in pairs}


def hidden(text, values):
    for value in sorted((each for each in values if len(each) >= SHORTEST), key=len, reverse=True):
        text = text.replace(value, MASK)
    return text


def without_secrets(text):
    """The CIB as text without secrets, and the names of the masked pairs."""
    root = ElementTree.fromstring(text)
    pairs, values = secrets_of(root)
    if not pairs:
        return text, []
    before = own_parameters(root)
    for pair in pairs:
        pair.set("value", MASK)
    # A secret stays secret inside other text: a command line, or an agent's output.
    for pair in root.iterfind(".//instance_attributes/nvpair"):
        pair.set("value", hidden(pair.get("value", ""), values))
    for operation in root.iter("lrm_rsc_op"):
        operation.set("exit-reason", hidden(operation.get("exit-reason", ""), values))
    renewed = renewed_digests(root, before, own_parameters(root))
    # Nodes store such digests for unfencing.
    for pair in (pair for pair in root.iter("nvpair") if pair.get("name", "").startswith("#digests")):
        pair.set(
            "value",
            re.sub(r"[0-9a-f]{32}", lambda found: renewed.get(found.group(), found.group()), pair.get("value", "")),
        )
    return ElementTree.tostring(root, encoding="unicode"), sorted({pair.get("name", "") for pair in pairs})
