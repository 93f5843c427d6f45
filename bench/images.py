"""Creates and removes many VM images over one connection to Ceph. Passed to python3 on standard input, with a last
line `main(<request as JSON>)`; answers with one JSON object."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import rados
import rbd


def describe(ioctx, request):
    with rbd.Image(ioctx, "system_" + request["vm"], read_only=True) as image:
        return {"size": image.size(), "metadata": dict(image.metadata_list())}


def make(ioctx, request):
    """An image, its group and its metadata for each VM."""

    def one(vm):
        name = "system_" + vm["name"]
        rbd.RBD().create(ioctx, name, request["size"], old_format=False)
        rbd.RBD().group_create(ioctx, vm["name"])
        rbd.Group(ioctx, vm["name"]).add_image(ioctx, name)
        with rbd.Image(ioctx, name) as image:
            for key, value in vm["metadata"].items():
                image.metadata_set(key, value)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, request["vms"]))
    return len(request["vms"])


def remove(ioctx, request):
    """Every image and group of VMs whose names have this prefix; waits for a watcher that has just gone."""

    def one(name):
        until = time.monotonic() + 45
        while True:
            try:
                with rbd.Image(ioctx, name, read_only=True) as image:
                    group = image.group()["name"]
                if group:
                    rbd.Group(ioctx, group).remove_image(ioctx, name)
                return rbd.RBD().remove(ioctx, name)
            except rbd.ImageNotFound:
                return None
            except rbd.ImageBusy:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    names = [name for name in rbd.RBD().list(ioctx) if name.startswith("system_" + request["prefix"])]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, names))
    for group in rbd.RBD().group_list(ioctx):
        if group.startswith(request["prefix"]):
            rbd.RBD().group_remove(ioctx, group)
    return len(names)


def main(request):
    cluster = rados.Rados(conffile="/etc/ceph/ceph.conf")
    cluster.connect(timeout=20)
    ioctx = cluster.open_ioctx("rbd")
    try:
        print(json.dumps({"describe": describe, "make": make, "remove": remove}[request["verb"]](ioctx, request)))
    finally:
        ioctx.close()
        cluster.shutdown()
