/** A node program for a Python that has no bindings of Ceph and libvirt: -I takes no module from elsewhere, so it says so itself. */
export const withoutBindings = (program: string): string =>
  `import sys; sys.modules.update(dict.fromkeys(("rados", "rbd", "libvirt", "libvirt_qemu")))\n${program}`;
