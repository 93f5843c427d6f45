# The steps of a VM as plain commands with the cluster's own tools, in the quickest form of each: the baseline for an
# `up`. Runs in bash on a node, with calls of these functions appended.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Runs and counts one of the tools.
tool() {
  printf . >> "$work/count"
  "$@"
}

# Whether it runs on one node with nothing pending: `up` waits for the same.
is_started() {
  local seen
  seen=$(tool crm_mon -1 --output-as=xml --resource "$1" | grep "<resource id=\"$1\" ")
  [[ $seen == *' role="Started" '*' nodes_running_on="1"'* && $seen != *' pending="'* ]]
}

is_stopped() {
  local seen
  seen=$(crm_mon -1 --output-as=xml --resource "$1" --inactive | grep "<resource id=\"$1\" ")
  [[ $seen == *' nodes_running_on="0"'* && $seen != *' pending="'* ]]
}

# make_vm NAME IMAGE XML PATCH KEY VALUE [KEY VALUE …]: disk, group, metadata, libvirt's check, Pacemaker; waits until
# it runs.
make_vm() {
  local vm=$1 image=$2 xml=$3 patch=$4
  shift 4
  tool qemu-img convert -W -f qcow2 -O raw "$image" "rbd:rbd/system_$vm"
  tool rbd group create "rbd/$vm"
  tool rbd group image add "rbd/$vm" "rbd/system_$vm"
  while (($# > 0)); do
    tool rbd image-meta set "rbd/system_$vm" "$1" "$2" > "$work/$vm.meta"
    shift 2
  done
  printf %s "$xml" > "$work/$vm.xml"
  tool virsh --quiet define --validate "$work/$vm.xml"
  tool virsh --quiet undefine "$vm"
  printf %s "$patch" | tool cibadmin --patch --xml-pipe
  local end=$((SECONDS + 120))
  until is_started "$vm"; do
    ((SECONDS < end))
    sleep 0.2
  done
}

# Waits for the background jobs; fails if one failed.
all_of() {
  local pid
  for pid in "$@"; do wait "$pid"; done
}

count_tools() {
  stat -c 'tools %s' "$work/count"
}

# remove_vms NAME…: stops them and removes them from the CIB, whoever created them. Not counted.
remove_vms() {
  local vm
  for vm in "$@"; do
    crm_resource --resource "$vm" --meta --set-parameter target-role --parameter-value Stopped > "$work/said" 2>&1 || cat "$work/said" >&2
  done
  for vm in "$@"; do
    until is_stopped "$vm"; do
      ((SECONDS < 180))
      sleep 0.2
    done
    cibadmin --delete --delete-all --force --xpath "//rsc_location[@rsc='$vm']"
    cibadmin --delete --xpath "//primitive[@id='$vm']"
  done
}
