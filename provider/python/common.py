"""The code shared by all node programs. A program is this file, another one, and a last line `main("<request>")`. It
arrives at /usr/bin/python3 -I on standard input, so neither a shell nor `ps` ever sees a name, a path or a document."""

import base64
import json
import os
import re
import subprocess
import sys
import traceback

# Ceph, for example, reads a ceph.conf in the current folder, so use one where only root can write.
os.chdir("/")


class Failure(Exception):
    """An expected failure, with the kind that the provider matches on."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


# Users and nodes are read back from metadata, the CIB and files, so they are untrusted: a URI or ssh's arguments have
# room for more than a name. The provider has the same rules (cluster/place.ts); here they are checked at the point of
# use.
USER_NAME = re.compile("[A-Za-z_][A-Za-z0-9_.-]{0,31}")
NODE_NAME = re.compile("[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
LOCAL_URI = "qemu:///system"
REMOTE_URI = re.compile(r"qemu\+ssh://%s@%s/system(\?no_tty=1)?" % (USER_NAME.pattern, NODE_NAME.pattern))


def checked_user(name):
    if not USER_NAME.fullmatch(name):
        raise Failure("unsafe", "%s is not the name of a user, and is not used" % json.dumps(name))
    return name


def checked_node(name):
    if not NODE_NAME.fullmatch(name):
        raise Failure("unsafe", "%s is not the name of a node, and is not used" % json.dumps(name))
    return name


def libvirt_uri(node, user):
    """libvirt on another node, as that user."""
    return "qemu+ssh://%s@%s/system?no_tty=1" % (checked_user(user), checked_node(node))


def checked_uri(uri):
    if uri != LOCAL_URI and not REMOTE_URI.fullmatch(uri):
        raise Failure("unsafe", "%s is not the address of libvirt on a node, and is not used" % json.dumps(uri))
    return uri


def command(argv, stdin=None, timeout=60):
    """The standard output of a command; a failure carries the command's own words."""
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-1500:]
        raise Failure("command", "%s failed (exit %d): %s" % (argv[0], done.returncode, said))
    return done.stdout


def run(handler, encoded):
    """Prints one JSON object as the answer: {"ok": …} or {"error": {"kind", "message"}}."""
    failure = None
    request = json.loads(base64.b64decode(encoded).decode("utf-8"))
    try:
        answer = {"ok": handler(request)}
    except Failure as error:
        answer, failure = {"error": {"kind": error.kind, "message": str(error)}}, error
    except Exception as error:  # the provider maps every kind to an error and takes none for an answer
        traceback.print_exc()
        answer = {"error": {"kind": type(error).__name__, "message": str(error) or type(error).__name__}}
        failure = error
    if "error" in answer:
        answer["error"]["part"] = getattr(failure, "part", None)
    json.dump(answer, sys.stdout)
    sys.stdout.flush()


def run_parts(encoded):
    """Several programs in one process, in sequence: [[name, request], …]. The first failure ends them."""

    def handler(parts):
        answers = []
        for name, request in parts:
            try:
                answers.append(globals()[name](request))
            except Exception as error:
                error.part = name
                raise
        return answers

    run(handler, encoded)


def attempt(act):
    """The answer of one of several parts; a failed part does not stop the others."""
    try:
        return {"ok": act()}
    except Failure as failure:
        return {"error": {"kind": failure.kind, "message": str(failure)}}
