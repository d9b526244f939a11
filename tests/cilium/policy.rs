//! NetworkPolicy, enforced.
