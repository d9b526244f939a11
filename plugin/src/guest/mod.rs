//! Runs formats written by anyone as sandboxed WebAssembly components.
