pub mod domain;
pub mod dataset;
