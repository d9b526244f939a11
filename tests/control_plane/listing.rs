//! Byte parity with kubectl get pods.
