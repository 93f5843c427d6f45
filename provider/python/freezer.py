"""Freezes the file systems of a guest and thaws them again, whatever happens to the caller. It runs on the guest's
node, in its own session, and arrives on standard input after its length. The rest of standard input is the line "thaw".
Its end means the same, and so does the deadline.

It prints lines of JSON: {"state": "none", "why"}, or {"state": "frozen", "count"} and then {"state": "thawed", "count",
"late"}. It uses commands of the agent's own protocol, since only these have individual timeouts, and a hanging agent
does not block the later thaw."""

import json
import signal
import subprocess
import sys
import threading
import time

URI = "qemu:///system"
# How long to keep asking an unresponsive guest to thaw.
PATIENCE = 180
# How long a live guest may take for its first answer: a guest on a busy node is slow, and a hanging one delays
# everything.
ANSWER = 8
OTHERS = "somebody else has frozen its file systems"


class Agent:
    def __init__(self, domain):
        self.domain, self.connection = domain, None
        try:
            import libvirt
            import libvirt_qemu

            libvirt.registerErrorHandler(lambda context, error: None, None)
            self.libvirt, self.qemu = libvirt, libvirt_qemu
        except ImportError:
            self.libvirt = None

    def ask(self, name, seconds):
        """The agent's result; raises OSError with libvirt's words if there is no answer."""
        text = json.dumps({"execute": name})
        if self.libvirt is None:
            argv = [
                "virsh",
                "--quiet",
                "--connect",
                URI,
                "qemu-agent-command",
                "--timeout",
                str(seconds),
                self.domain,
                text,
            ]
            done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if done.returncode != 0:
                raise OSError(done.stderr.replace("error: ", "", 1).strip())
            return json.loads(done.stdout)["return"]
        try:
            # A new connection each time: libvirtd may have restarted meanwhile.
            connection = self.libvirt.open(URI)
            try:
                found = connection.lookupByName(self.domain)
                return json.loads(self.qemu.qemuAgentCommand(found, text, seconds, 0))["return"]
            finally:
                connection.close()
        except self.libvirt.libvirtError as error:
            raise OSError(error.get_error_message()) from error


def say(**answer):
    try:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    except (OSError, ValueError):
        pass  # the caller is gone; the thaw still matters


def thaw(agent, patience):
    """The number of file systems thawed, or None if the agent did not answer in that time."""
    until, pause = time.monotonic() + patience, 0.2
    while True:
        try:
            return agent.ask("guest-fsfreeze-thaw", 5)
        except OSError as error:
            gone = "Domain not found" in str(error) or "is not running" in str(error)
            if gone or time.monotonic() > until:
                return None
        time.sleep(pause)
        pause = min(pause * 2, 3)


def freeze(agent, seconds):
    """The number of file systems now frozen, or the reason why none is."""
    try:
        agent.ask("guest-ping", ANSWER)
        if agent.ask("guest-fsfreeze-status", ANSWER) != "thawed":
            return None, OTHERS
    except OSError as error:
        return None, str(error)
    try:
        return agent.ask("guest-fsfreeze-freeze", seconds), ""
    except OSError as error:
        return None, str(error)


def main(domain, seconds):
    asked = threading.Event()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)

    def listen():
        sys.stdin.buffer.readline()
        asked.set()

    threading.Thread(target=listen, daemon=True).start()
    agent, begun = Agent(domain), time.monotonic()
    count, why = freeze(agent, seconds)
    if count is None:
        say(state="none", why=why)
        # An agent that did not answer in time may freeze them later.
        if why != OTHERS and time.monotonic() - begun > 1:
            thaw(agent, PATIENCE)
        return
    say(state="frozen", count=count)
    on_time = asked.wait(max(0.1, begun + seconds - time.monotonic()))
    say(state="thawed", count=thaw(agent, PATIENCE), late=not on_time)
