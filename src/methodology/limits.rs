//! How large a methodology and its evaluation may grow; every limit in one place, with its reason.

/// A methodology file, in bytes. The longest known one would take a tenth.
pub const FILE_BYTES_MAX: usize = 256 * 1024;

/// An equation's text, in bytes: a page of print.
pub const EQUATION_BYTES_MAX: usize = 4_096;

/// A symbol or index, in bytes.
pub const SYMBOL_BYTES_MAX: usize = 64;

/// Operations and operands of one equation. Chains such as `a + b + c` lean to one side, so this
/// bounds the depth of the tree, and with it the stack.
pub const NODES_MAX: usize = 512;

/// Parentheses, functions and signs inside one another.
pub const DEPTH_MAX: usize = 32;

/// Indices of one symbol.
pub const INDICES_MAX: usize = 4;

/// Parameters and equations together.
pub const SYMBOLS_MAX: usize = 512;

/// Largest exponent of an integer power.
pub const POWER_MAX: u32 = 9;

/// Operations of all equations, written out for the members of a plan: memory of one evaluation.
pub const OPERATIONS_MAX: usize = 2_000_000;

/// Points at which ER is evaluated to find the lowest: ten inputs that cannot be decided alone, at
/// both bounds each.
pub const COMBINATIONS_MAX: usize = 1_024;

/// Boxes looked at to prove that no lower ER was missed: a few seconds.
pub const PROOF_STEPS_MAX: usize = 4_096;

/// Characters of a spreadsheet formula (Excel specifications and limits).
pub const FORMULA_CHARACTERS_MAX: usize = 8_192;

/// Characters of a sum inside a formula; a longer one has its terms in cells of their own.
pub const SUM_CHARACTERS_MAX: usize = 2_000;
