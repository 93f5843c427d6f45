"""What every node program shares. A program is this file, one other, and a last line `main("<request>")`: it comes to
/usr/bin/python3 -I on standard input, so that neither a shell nor `ps` ever sees a name, a path or a document."""
import base64
import json
import os
import subprocess
import sys
import traceback

# Ceph, for one, reads a ceph.conf of the folder that it is started in: nobody else may write to this one.
os.chdir("/")


class Failure(Exception):
    """An expected failure, with the word that the other side matches on."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def command(argv, stdin=None, timeout=60):
    """The standard output of a command; a failure carries its own words."""
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-1500:]
        raise Failure("command", "%s failed (exit %d): %s" % (argv[0], done.returncode, said))
    return done.stdout


def run(handler, encoded):
    """Answers on standard output with one JSON object: {"ok": …} or {"error": {"kind", "message"}}."""
    failure = None
    request = json.loads(base64.b64decode(encoded).decode("utf-8"))
    try:
        answer = {"ok": handler(request)}
    except Failure as error:
        answer, failure = {"error": {"kind": error.kind, "message": str(error)}}, error
    except Exception as error:  # the other side turns every kind into an error; none is taken for an answer
        traceback.print_exc()
        answer = {"error": {"kind": type(error).__name__, "message": str(error) or type(error).__name__}}
        failure = error
    if "error" in answer:
        answer["error"]["part"] = getattr(failure, "part", None)
    json.dump(answer, sys.stdout)
    sys.stdout.flush()


def run_parts(encoded):
    """Several programs in one process, one after the other: [[name, request], …]. The first failure ends them."""

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
    """The answer of one of several things, of which one that fails does not end the others."""
    try:
        return {"ok": act()}
    except Failure as failure:
        return {"error": {"kind": failure.kind, "message": str(failure)}}
