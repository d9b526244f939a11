//! The probe as a program.

fn main() {}
