"""What Pacemaker would do: its own scheduler on copies of the CIB. The cluster itself is only looked at."""
# Needs: copies
import os
import tempfile
import xml.etree.ElementTree as ElementTree

# `-S` writes the copy anew for each action: fine for some dozens, minutes for hundreds.
EXECUTED_ACTIONS = 60


def simulated(path, folder, options):
    argv = ["crm_simulate", "-x", path] + options + ["--output-as=xml"]
    text = on_copy(argv, path, folder)
    if "<pacemaker-result" not in text:
        raise Failure("simulate", "crm_simulate said nothing: %s" % " ".join(options))
    return text


def verify(path, folder):
    """The words of crm_verify, which alone says what the scheduler passes over: a fencing without a device, say."""
    done = subprocess.run(
        ["crm_verify", "-x", path, "-V", "-V"], capture_output=True, text=True, timeout=60,
        env=dict(os.environ, CIB_shadow_dir=folder),
    )
    if done.returncode not in (0, 78):
        raise Failure("simulate", "crm_verify failed (exit %d): %s" % (done.returncode, done.stderr.strip()[-500:]))
    return {"valid": done.returncode == 0, "words": done.stderr.strip()[-3000:]}


def copy_with(text, patch, path, folder):
    with open(path, "w") as file:
        file.write(text)
    if patch:
        on_copy(["cibadmin", "--patch", "--xml-pipe"], path, folder, patch)


def simulate(request):
    text = request.get("cib") or command(["cibadmin", "--query"])
    with tempfile.TemporaryDirectory() as folder:
        planned, after = os.path.join(folder, "planned.xml"), os.path.join(folder, "after.xml")
        copy_with(text, request["patches"][0], planned, folder)
        verified = verify(planned, folder)
        baseline = simulated(planned, folder, ["-R", "-s"])
        orders = []
        for index, patch in enumerate(request["patches"][1:]):
            path = os.path.join(folder, "order%d.xml" % index)
            copy_with(text, patch, path, folder)
            orders.append(simulated(path, folder, ["-R"]))
        # A node is lost after the change, not before it: what stands where counts then. One loss at a time.
        count = len(ElementTree.fromstring(baseline).findall("./actions/rsc_action"))
        executed = 0 < count <= EXECUTED_ACTIONS
        if executed:
            simulated(planned, folder, ["-S", "-O", after])
        lost = {}
        for node in request.get("lose", []):
            lost[node] = simulated(after if executed else planned, folder, ["-R", "-s", "-f", node])
        return {"cib": text, "verified": verified, "baseline": baseline, "orders": orders, "lost": lost}


def main(encoded):
    run(simulate, encoded)
