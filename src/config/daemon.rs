//! The daemon's configuration file: where its data lie, where it listens, its limits.
