"""A guest whose file systems are frozen during some work: the part on the node that does the work. freezer.py, on the
guest's node, freezes and thaws; it ends last, and notices by itself when its caller is gone."""

# Needs: between
import os
import queue
import shlex
import socket
import threading

# Reads a program from standard input by its length, and leaves the rest to the program.
BOOT = "import sys; exec(compile(sys.stdin.buffer.read(int(sys.stdin.buffer.readline())), 'freezer', 'exec'))"
SSH = [
    "ssh",
    "-o",
    "BatchMode=yes",
    "-o",
    "ConnectTimeout=5",
    "-o",
    "ServerAliveInterval=2",
    "-o",
    "ServerAliveCountMax=2",
]
# Time beyond the freeze itself: reaching the other node, and checking that the agent is alive.
ANSWER_SECONDS = 30


class Quiesced:
    """`with Quiesced(…) as guest:` and `guest.frozen`, a number or None; afterwards, `guest.held` says whether they
    were frozen all the time, and `guest.why` why not. `guest.closed`: the other node admitted this one as no user."""

    def __init__(self, source, domain, node, user, seconds):
        self.source, self.domain = source, json.dumps(domain)
        self.seconds, self.frozen, self.held, self.why, self.closed = seconds, None, False, "", False
        self.node, self.argv, self.answers = node, ["/usr/bin/python3", "-I", "-c", BOOT], queue.Queue()
        self.users = []
        if node != socket.gethostname():
            self.users = users_between(node, user)

    def go_as(self, user):
        words = " ".join(shlex.quote(word) for word in ["/usr/bin/python3", "-I", "-c", BOOT])
        self.argv = SSH + ["-l", checked_user(user), "--", checked_node(self.node), words]

    def start(self, call):
        # Not one of this run's processes: whatever ends those must spare it, or nothing thaws the guest.
        clean = {key: value for key, value in os.environ.items() if key != "SEAPATH_RUN"}
        self.process = subprocess.Popen(
            self.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean,
            start_new_session=True,
        )
        threading.Thread(target=self.listen, args=(self.process,), daemon=True).start()
        text = ("%s\n\n%s\n" % (self.source, call)).encode("utf-8")
        try:
            self.process.stdin.write(b"%d\n%s" % (len(text), text))
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # its output shows that it ended

    def listen(self, process):
        for line in process.stdout:
            try:
                self.answers.put(json.loads(line))
            except ValueError:
                self.answers.put(
                    {"state": "none", "why": "%s answered: %s" % (self.node, line.decode("utf-8", "replace").strip())}
                )
        self.answers.put({"state": "ended"})

    def answer(self, seconds):
        try:
            found = self.answers.get(timeout=seconds)
        except queue.Empty:
            return {"state": "none", "why": "%s did not answer within %d s" % (self.node, seconds)}
        if found["state"] == "ended":
            said = self.process.stderr.read().decode("utf-8", "replace").strip().splitlines()
            found["why"] = "what freezes it ended on %s%s" % (self.node, ": " + said[-1] if said else "")
        return found

    def __enter__(self):
        if not self.users:
            self.begin()
        for user in self.users:
            self.go_as(user)
            self.closed = self.begin()
            if not self.closed:
                break
        return self

    def begin(self):
        """Freezes the file systems, or says why not. Returns whether the login was refused, so that nothing was done."""
        self.start("main(%s, %d)" % (self.domain, self.seconds))
        found = self.answer(ANSWER_SECONDS + self.seconds)
        if found["state"] == "frozen":
            self.frozen = found["count"]
            self.why = ""
            return False
        refused = LOGIN_REFUSED.search(found["why"]) is not None and (
            found["state"] == "ended" or NOT_CONNECTED in found["why"]
        )
        self.why = "%s; %s" % (self.why, found["why"]) if self.closed else found["why"]
        self.leave()
        return refused

    def leave(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def __exit__(self, *_):
        if self.frozen is None:
            return
        try:
            self.process.stdin.write(b"thaw\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        found = self.answer(ANSWER_SECONDS)
        if found["state"] != "thawed":
            self.why = found["why"]
            self.thaw_again()
        elif found["late"]:
            self.why = "it was thawed when its time of %d s was over" % self.seconds
        elif found["count"] is None:
            self.why = "its agent did not answer any more"
        elif found["count"] == 0 and self.frozen > 0:
            self.why = "somebody else has thawed its file systems meanwhile"
        else:
            self.held = True
        self.leave()

    def thaw_again(self):
        """The freezer that should thaw is gone: start another one that only thaws."""
        self.start("thaw(Agent(%s), PATIENCE)" % self.domain)
        self.leave()
