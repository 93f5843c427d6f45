"""/etc/pacemaker/<vm>.xml: the resource agent rewrites it from the VM's metadata at each start, and nothing removes it
with the VM. It may contain a console's password."""

# Needs: on_node
import shlex
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

CONFIG_FILE = "/etc/pacemaker/%s.xml"
VM_NAME = re.compile("[A-Za-z0-9]+")
# A regular file whose domain has the VM's name is the agent's. Anything else may belong to others.
REMOVE_CONFIG = "if [ -f %(file)s ] && [ ! -L %(file)s ] && grep -qF %(name)s %(file)s; then rm -f -- %(file)s; fi"


def remove_config_on(node, local, script):
    """Why it stays on a node, or None."""
    try:
        done = run_on_node(node, local, script)
    except subprocess.TimeoutExpired:
        return "no answer within %d s" % ON_NODE_SECONDS
    return None if done.returncode == 0 else last_words(done)


def remove_config_files(vm, nodes):
    """Removes the file of a deleted VM from the nodes. @return by node, why it may still be there"""
    if not nodes or not VM_NAME.fullmatch(vm):
        return {}
    file = CONFIG_FILE % vm
    root = ElementTree.fromstring(command(["cibadmin", "--query", "--scope", "resources"]))
    # Another resource, or a new one with that name, may start from it.
    if any(pair.get("value") == file for pair in root.iter("nvpair")):
        return {}
    script = REMOVE_CONFIG % {"file": shlex.quote(file), "name": shlex.quote("<name>%s</name>" % vm)}
    local = command(["crm_node", "--name"]).strip()
    with ThreadPoolExecutor(len(nodes)) as pool:
        stays = list(pool.map(lambda node: remove_config_on(node, local, script), nodes))
    return {node: reason for node, reason in zip(nodes, stays) if reason is not None}
