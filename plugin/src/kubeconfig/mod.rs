//! Flags and kubeconfig files become one resolved connection, by client-go's rules.
