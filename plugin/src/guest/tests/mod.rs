//! Guests at work and guests that misbehave, all through the public interface.

mod by_node;
