"""What this node's logs say of an operation of Pacemaker's that failed: the agent's own reason is a general one ("Failed to start
virtual domain"), and what libvirt and QEMU said is only written down. Of each log the last of it is read, and only what is of that
operation and that VM is told; who reads it shows it to people."""

# Needs: secret_words
import calendar
import os
import re
import socket
import time
import xml.etree.ElementTree as ElementTree

LAST_BYTES = 2 * 1024 * 1024
MOST_LINES, LONGEST = 4, 300
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
SETTINGS = ("/etc/default/pacemaker", "/etc/sysconfig/pacemaker")
OF_PACEMAKER = "/var/log/pacemaker/pacemaker.log"
OF_LIBVIRT = ("/var/log/libvirt/libvirtd.log", "/var/log/libvirt/virtqemud.log")
# How Pacemaker writes down what an agent printed: since 2.1, and before.
PRINTED = r"(?<![\w.-])%s_%s_\d+(?:\[\d+\] error output|:\d+:stderr) \[ (.*) \]\s*$"
UNDER_WAY = "-1"
# What an agent prints beside errors: its exit reason, which is known already, and its own log.
CHATTER = re.compile(r"ocf-exit-reason:|.*\b(?:INFO|DEBUG|NOTICE): |\s*$")


def begun_at(rsc, node, operation):
    """When the last one of that kind began that failed there, in seconds since 1970; None where Pacemaker has forgotten it."""
    root = ElementTree.fromstring(command(["cibadmin", "--query"]))
    failed = [
        float(op.get("last-rc-change", "0")) - float(op.get("exec-time", "0")) / 1000
        for state in root.iterfind("status/node_state")
        if state.get("uname") == node
        for resource in state.iter("lrm_resource")
        if resource.get("id") == rsc
        for op in resource.iter("lrm_rsc_op")
        if op.get("operation") == operation and op.get("rc-code") != "0" and op.get("op-status") != UNDER_WAY
    ]
    # It is written down in whole seconds.
    return max(failed) - 1 if failed else None


def last_lines(path):
    """None for a log that is not there, or not for us."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LAST_BYTES))
            text = file.read(LAST_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    return text.splitlines()[1 if size > LAST_BYTES else 0 :]


def local_time(line):
    """When a line of Pacemaker's was written: "Nov 24 02:18:09", without a year."""
    found = re.match(r"([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)", line)
    if found is None or found.group(1) not in MONTHS:
        return None
    month, day, now = MONTHS.index(found.group(1)) + 1, int(found.group(2)), time.time()
    for year in (time.localtime(now).tm_year, time.localtime(now).tm_year - 1):
        at = time.mktime((year, month, day, int(found.group(3)), int(found.group(4)), int(found.group(5)), 0, 0, -1))
        if at < now + 86400:
            return at
    return None


def utc_time(line):
    """When a line of libvirt's or QEMU's was written: "2026-11-24 02:18:09.123+0000", "2026-11-24T02:18:09.123456Z"."""
    found = re.match(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)\S*(?:Z|\+0000)", line)
    return None if found is None else calendar.timegm(tuple(int(each) for each in found.groups()))


def since(lines, begun, stamp):
    """One without a time, as the rest of a message has none, is as old as the one before."""
    old = True
    for line in lines:
        at = stamp(line)
        old = old if at is None else at < begun
        if not old:
            yield line


def pacemaker_log():
    for path in SETTINGS:
        for line in last_lines(path) or []:
            found = re.match(r"\s*(?:export\s+)?PCMK_logfile=[\"']?([^\"'\s#]+)", line)
            if found:
                return found.group(1) if found.group(1).startswith("/") else None
    return OF_PACEMAKER


def journal(units, begun, *more):
    """The messages of units; none where there is no journal."""
    argv = [
        "journalctl",
        "--quiet",
        "--no-pager",
        "--output=json",
        "--output-fields=MESSAGE",
        "--lines=5000",
        "--since=@%d" % begun,
    ]
    try:
        done = subprocess.run(argv + ["--unit=" + unit for unit in units] + list(more), capture_output=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return []
    messages = []
    for line in done.stdout.splitlines():
        try:
            message = json.loads(line.decode("utf-8", "replace")).get("MESSAGE")
        except ValueError:
            continue
        # What is no UTF-8 comes as a list of bytes.
        messages.append(bytes(message).decode("utf-8", "replace") if isinstance(message, list) else message or "")
    return messages


def printed(lines, rsc, operation):
    """What the agent printed, without what is no error."""
    pattern = re.compile(PRINTED % (re.escape(rsc), re.escape(operation)))
    said = [found.group(1).strip() for found in map(pattern.search, lines) if found]
    # A time that QEMU puts before its words makes another text of the same one on each node.
    said = [
        re.sub(r"\Aerror: |\d{4}-\d\d-\d\dT[\d:.]+Z (?=qemu)", "", each) for each in said if not CHATTER.match(each)
    ]
    # virsh says first that it failed, and why in the next line.
    return [each for each in said if not re.match(r"Failed to (create|start|define) domain", each)] or said


def of_qemu(lines):
    """What QEMU and libvirt's child said. In between stands the command line, which tells nothing, and may hold what is secret."""
    found = (re.search(r"(?:\bqemu-[\w-]+|\blibvirt: .* error ?): (.+)", line) for line in lines)
    return [each.group(1) for each in found if each and "terminating on signal" not in each.group(1)]


def naming(lines, rsc):
    """Errors of the daemon that name the domain."""
    named = [line for line in lines if re.search(r"(?<![\w.-])%s(?![\w-])" % re.escape(rsc), line)]
    return [
        re.sub(r"\A\S+ \S+ \d+: (?:error|warning) : \w+:\d+ : ", "", line)
        for line in named
        if not re.match(r"\S+ \S+ \d+: (?:info|debug) :", line)
    ]


def places(rsc, operation, begun):
    """Each log by its name, and what it says; the next is only looked at when that is nothing."""
    path = pacemaker_log()
    if path is not None:
        yield path, lambda: printed(since(last_lines(path) or [], begun, local_time), rsc, operation)
    yield "journalctl -u pacemaker", lambda: printed(journal(["pacemaker"], begun), rsc, operation)
    qemu = "/var/log/libvirt/qemu/%s.log" % rsc
    yield qemu, lambda: of_qemu(since(last_lines(qemu) or [], begun, utc_time))
    for each in OF_LIBVIRT:
        yield each, lambda: naming(since(last_lines(each) or [], begun, utc_time), rsc)
    yield "journalctl -u libvirtd", lambda: naming(journal(["libvirtd", "virtqemud"], begun, "--priority=warning"), rsc)


def reasons(request):
    """@param request `vm`, `operation`, and `nodes`: another node than these has nothing to say"""
    here, rsc, operation = socket.gethostname(), request["vm"], request["operation"]
    nothing = {"node": here, "place": "", "lines": []}
    if not re.fullmatch("[A-Za-z0-9_.-]+", rsc) or not re.fullmatch("[a-z_]+", operation):
        raise Failure("unsafe", "%s is no operation of a VM" % json.dumps([rsc, operation]))
    begun = begun_at(rsc, here, operation) if here in request["nodes"] else None
    if begun is None:
        return nothing
    for place, read in places(rsc, operation, begun):
        said = list(dict.fromkeys(words_masked(each[: LONGEST * 10])[:LONGEST] for each in read()))
        if said:
            return {"node": here, "place": place, "lines": said[-MOST_LINES:]}
    return nothing


def main(encoded):
    run(reasons, encoded)
