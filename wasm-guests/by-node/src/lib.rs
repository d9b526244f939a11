//! Pods grouped by the node they run on.
