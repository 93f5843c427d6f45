#!/usr/bin/python3 -I
"""The forced command of a preview key: it admits those programs of pulumi-seapath that only read, and refuses
everything else. Written by `npx seapath preview-guard`; docs/preview-key.md says how to install it on a node.

A program arrives as text on standard input. It is recognized by the SHA-256 of that text, so only programs of the
release that wrote this file run here. Its request is checked too, since some programs can do more than read. No word of
the caller ever gets into its arguments or its environment."""

import base64
import hashlib
import json
import os
import pwd
import re
import shlex
import signal
import sys

RELEASE = ""
# The SHA-256 of the text of each program, and its name.
PROGRAMS = {}
# Folders whose image files may be examined: only their format and size are reported, never their content.
IMAGE_FOLDERS = []

SELF = "/usr/local/sbin/seapath-preview"
MOST_BYTES = 64 * 1024 * 1024
REFUSED = 77
SURROUNDINGS = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}

# How the provider passes its mark to a program that it runs through sudo (transport/ssh/sudo.ts).
ENTER = 'exec env "$0" "$@"'
MARK = re.compile("SEAPATH_RUN=[0-9a-f]{24}")
NODE = re.compile("[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
USER = re.compile("[A-Za-z_][A-Za-z0-9_.-]{0,31}")
VM = re.compile("[A-Za-z0-9]+")
ID = re.compile("[A-Za-z_][A-Za-z0-9_.-]*")
AGENT = re.compile("[A-Za-z0-9_-]+(:[A-Za-z0-9_-]+){0,2}(@[A-Za-z0-9_-]+)?")
# The end of a program's text: its time limit and its request.
LAST_LINES = re.compile(rb'\n\nbegin_watch\(\d{1,5}\)\n(main|run_parts)\("([A-Za-z0-9+/=]*)"\)\n')


class Refused(Exception):
    pass


def need(holds, what):
    if not holds:
        raise Refused(what)


def words(value, pattern):
    return isinstance(value, list) and all(isinstance(each, str) and pattern.fullmatch(each) for each in value)


def only(request, *keys):
    need(isinstance(request, dict) and set(request) <= set(keys), "it is asked for more than a preview needs")


def in_image_folder(path):
    real = os.path.realpath(path)
    return any(real.startswith(folder.rstrip("/") + "/") for folder in IMAGE_FOLDERS)


def check_inventory(request):
    only(request, "disks", "cephHosts", "sources", "before")
    before = request.get("before", [])
    need(isinstance(before, list) and all(isinstance(each, dict) for each in before), "its operations are no list")
    need(all(each.get("op") in ("watchers", "children", "changedBytes") for each in before), "it changes images")
    sources = request.get("sources", [])
    need(isinstance(sources, list) and all(isinstance(each, dict) for each in sources), "its image files are no list")
    for each in sources:
        path = each.get("path")
        # If the request includes the beginning of the file, no file of this node is opened.
        need(
            "head" in each or (isinstance(path, str) and in_image_folder(path)),
            "it looks at an image file outside of %s" % ", ".join(IMAGE_FOLDERS),
        )


def check_simulate(request):
    only(request, "patch", "cib", "standby", "lose", "orders", "failback", "forgotten", "keep", "fencing")
    need(all(isinstance(request.get(key, ""), str) for key in ("patch", "cib")), "its documents are no text")
    need(all(words(request.get(key, []), NODE) for key in ("standby", "lose")), "its nodes are no names")
    need(words(request.get("forgotten", []), ID), "its resources are no names")
    orders = request.get("orders", [])
    need(isinstance(orders, list) and all(words(each, ID) for each in orders), "its resources are no names")


def check_capacity(request):
    only(request, "nodes", "user", "alone")
    need(words(request.get("nodes"), NODE) and words([request.get("user")], USER), "its nodes are no names")


def check_devices(request):
    only(request, "verb", "domains")
    need(request.get("verb") == "read", "it changes the devices of guests")
    domains = request.get("domains")
    need(isinstance(domains, list), "its domains are no list")
    for each in domains:
        only(each, "uri", "domain")
        need(words([each.get("domain")], VM), "its domains are no names")


def check_needs(needs):
    """It only reports whether a network device or a file exists, never any content."""
    need(
        isinstance(needs, list) and all(isinstance(each, list) and len(each) == 2 for each in needs),
        "its needs are no list",
    )
    need(
        all(
            kind in ("net", "file") and isinstance(names, list) and all(isinstance(name, str) for name in names)
            for kind, names in needs
        ),
        "its needs are neither network devices nor files",
    )


def check_lacking(request):
    only(request, "needs")
    check_needs(request.get("needs"))


def check_validate(request):
    # The program itself accepts only domains with names of its own, defines each, and undefines it immediately.
    only(request, "xmls", "needs")
    check_needs(request.get("needs"))
    xmls = request.get("xmls")
    need(isinstance(xmls, list) and all(isinstance(each, str) for each in xmls), "its domains are no text")


CHECKS = {
    "inventory": check_inventory,
    "simulate": check_simulate,
    "capacity": check_capacity,
    "devices": check_devices,
    "validate": check_validate,
    "lacking": check_lacking,
}


def is_allowed(argv):
    """Commands that come without a program."""
    if argv in (
        ["true"],
        ["crm_mon", "-1", "--output-as=xml"],
        ["crm_simulate", "--live-check", "--run", "--output-as=xml"],
    ):
        return True
    agent = re.fullmatch("--show-metadata=(.*)", argv[1]) if len(argv) == 2 and argv[0] == "crm_resource" else None
    return agent is not None and AGENT.fullmatch(agent.group(1)) is not None


def split(line):
    """The mark of a run and its words, without those that get root."""
    found = shlex.split(line)
    if found[:3] == ["sudo", "-n", "--"]:
        found = found[3:]
    if found[:3] == ["/bin/sh", "-c", ENTER]:
        found = found[3:]
    mark = found[0] if found and MARK.fullmatch(found[0]) else None
    return mark, found[1:] if mark else found


def end_marked(mark):
    """Ends the programs of one run, as the provider does when its caller gives up. Marks cannot be guessed."""
    for _ in range(5):
        left = False
        for pid in [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]:
            try:
                with open("/proc/%d/environ" % pid, "rb") as file:
                    if mark.encode() in file.read().split(b"\0"):
                        left = True
                        os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        if not left:
            return


def check_program(text):
    """Refuses a program that is not from this release, or whose request would do more than read."""
    last = list(LAST_LINES.finditer(text))
    need(last and last[-1].end() == len(text), "it is no program of pulumi-seapath")
    source = text[: last[-1].start()]
    # The provider sends several programs in one process only for changes.
    name = PROGRAMS.get(hashlib.sha256(source).hexdigest()) if last[-1].group(1) == b"main" else None
    need(
        name is not None,
        "the program changes something, or is of another release than %s, which this guard is of; "
        "see `npx seapath preview-guard`" % RELEASE,
    )
    CHECKS[name](json.loads(base64.b64decode(last[-1].group(2)).decode("utf-8")))


def run(line):
    mark, argv = split(line)
    if argv[:2] == ["/bin/sh", "-c"] and len(argv) == 5 and argv[3] == "kill" and MARK.fullmatch(argv[4]):
        return end_marked(argv[4])
    dependencies = dict(SURROUNDINGS, HOME=pwd.getpwuid(os.getuid()).pw_dir)
    if mark:
        key, _, value = mark.partition("=")
        dependencies[key] = value
    if is_allowed(argv):
        os.execvpe(argv[0], argv, dependencies)
    need(argv == ["/usr/bin/python3", "-I", "-"], "this key is for previews, and runs nothing else")
    text = sys.stdin.buffer.read(MOST_BYTES + 1)
    need(len(text) <= MOST_BYTES, "it is larger than %d MiB" % (MOST_BYTES // 1024 // 1024))
    check_program(text)
    handle = os.memfd_create("program")
    with os.fdopen(os.dup(handle), "wb") as file:
        file.write(text)
    os.lseek(handle, 0, os.SEEK_SET)
    os.dup2(handle, 0)
    os.execve(argv[0], argv, dependencies)


def main():
    line = sys.argv[1] if len(sys.argv) == 2 else os.environ.get("SSH_ORIGINAL_COMMAND", "")
    if os.geteuid() != 0:
        # The program is checked behind sudo, out of the caller's reach.
        os.execv("/usr/bin/sudo", ["sudo", "-n", "--", SELF, line])
    try:
        need(line != "", "this key is for previews, and has no shell")
        run(line)
    except (Refused, ValueError, RecursionError) as reason:
        sys.stderr.write("seapath-preview refuses this: %s\n" % " ".join(str(reason).split())[:300])
        sys.exit(REFUSED)


main()
