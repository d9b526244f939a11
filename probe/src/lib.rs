//! Checks addresses from where it runs, and reports what the kernel saw. Knows nothing of Kubernetes.
