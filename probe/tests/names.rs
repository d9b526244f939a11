//! Name resolution against a name server of our own, with a pod's `/etc/resolv.conf`.
