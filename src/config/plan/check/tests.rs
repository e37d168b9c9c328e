//! What the checks of a plan must find, each case with its place and advice.
