# Makes the mounts of a node, inside its new mount namespace. Arguments: the cluster's state folder, the node's folder.
set -eu
state=$1 node=$2

# Copies of other clusters' network namespaces: holding them here would keep them alive.
for namespace in /run/netns/*; do
  if [ -e "$namespace" ]; then umount -l "$namespace" 2>/dev/null || true; fi
done

# Places that kubelet, containerd, CNI and Cilium have compiled in. Each node gets its own, empty.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/lock /run/cilium /run/state
: >/run/modules # read by Cilium in place of /proc/modules
mount --bind "$state" /run/state
mount -t tmpfs -o mode=755 tmpfs /var/lib
mount -t tmpfs -o mode=755 tmpfs /var/log
mkdir -p "$state"
mount --move /run/state "$state"
# systemd has mounted one here already, and Cilium refuses two of them, one on the other.
while umount -l /sys/fs/bpf 2>/dev/null; do :; done
mount -t bpf bpf /sys/fs/bpf

# Volumes that kubelet mounts must show up in containers.
mount --make-rshared /
