"""What this node's logs say about a failed Pacemaker operation: the agent's own reason is generic ("Failed to start
virtual domain"), and the words of libvirt and QEMU are only in the logs. It reads the end of each log, and reports only
lines about that operation and that VM, since they are shown to users."""

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
# How Pacemaker logs an agent's output: since 2.1, and before.
PRINTED = r"(?<![\w.-])%s_%s_\d+(?:\[\d+\] error output|:\d+:stderr) \[ (.*) \]\s*$"
UNDER_WAY = "-1"
# What an agent prints besides errors: its exit reason, which is known already, and its own log.
CHATTER = re.compile(r"ocf-exit-reason:|.*\b(?:INFO|DEBUG|NOTICE): |\s*$")


def begun_at(rsc, node, operation):
    """The start of the last failed operation of that kind there, in seconds since 1970; None if Pacemaker has forgotten
    it."""
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
    # It is recorded in whole seconds.
    return max(failed) - 1 if failed else None


def last_lines(path):
    """None if the log does not exist or is not readable for us."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LAST_BYTES))
            text = file.read(LAST_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    return text.splitlines()[1 if size > LAST_BYTES else 0 :]


def local_time(line):
    """The time of a Pacemaker log line: "Nov 24 02:18:09", without a year."""
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
    """The time of a libvirt or QEMU log line: "2026-11-24 02:18:09.123+0000", "2026-11-24T02:18:09.123456Z"."""
    found = re.match(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)\S*(?:Z|\+0000)", line)
    return None if found is None else calendar.timegm(tuple(int(each) for each in found.groups()))


def since(lines, begun, stamp):
    """A line without a time, such as the rest of a message, is as old as the one before."""
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
    """The messages of units; none if there is no journal."""
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
        # Text that is not UTF-8 comes as a list of bytes.
        messages.append(bytes(message).decode("utf-8", "replace") if isinstance(message, list) else message or "")
    return messages


def printed(lines, rsc, operation):
    """The agent's output, without anything but errors."""
    pattern = re.compile(PRINTED % (re.escape(rsc), re.escape(operation)))
    said = [found.group(1).strip() for found in map(pattern.search, lines) if found]
    # QEMU may prefix its words with a time, which would make the same text differ on each node.
    said = [
        re.sub(r"\Aerror: |\d{4}-\d\d-\d\dT[\d:.]+Z (?=qemu)", "", each) for each in said if not CHATTER.match(each)
    ]
    # virsh first says that it failed, and the reason in the next line.
    return [each for each in said if not re.match(r"Failed to (create|start|define) domain", each)] or said


def of_qemu(lines):
    """The words of QEMU and of libvirt's child process. The command line between them is no use, and may contain
    secrets."""
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
    """Each log with its name and relevant lines; the next one is read only if there are none."""
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
    """@param request `vm`, `operation`, and `nodes`: nodes not in this list report nothing"""
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
