//! The standing probe and Prometheus.
