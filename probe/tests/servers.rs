//! The probe in this process against servers on the loopback interface.
