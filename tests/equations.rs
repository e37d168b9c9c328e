//! The equation language from outside: what is refused and where, what is computed, and that no
//! doubt raises a figure.

mod equations {
    pub mod bounds;
    pub mod document;
    pub mod language;
    pub mod model;
    pub mod refused;
    pub mod selection;
    pub mod uncertainty;
}
