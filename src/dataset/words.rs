//! Columns of texts of which few differ, as keys of a dictionary: where few texts stand in many rows, most of
//! the time of a reader is spent in copying them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use arrow::error::ArrowError;

/// A column of texts, of which few differ, as a batch of [`super::parquet_file::Selection::words`] has it.
pub struct Words<'a> {
    keys: &'a Int32Array,
    texts: &'a StringArray,
}

impl<'a> Words<'a> {
    /// `None` where the column is of another type.
    #[must_use]
    pub fn of(array: &'a ArrayRef) -> Option<Self> {
        let array = array.as_dictionary_opt::<Int32Type>()?;
        Some(Self { keys: array.keys(), texts: array.values().as_string_opt::<i32>()? })
    }

    /// Rows with equal keys have equal texts.
    #[must_use]
    pub fn key(&self, row: usize) -> i32 {
        self.keys.value(row)
    }

    /// The text of a row; empty where there is none.
    #[must_use]
    pub fn text(&self, row: usize) -> &'a str {
        match self.keys.is_valid(row) {
            true => self.texts.value(self.key(row) as usize),
            false => "",
        }
    }
}

/// Rows whose texts are read as keys of a dictionary, as those of [`super::parquet_file::Selection::words`] are.
///
/// # Errors
/// Never for rows of a table; an error of Arrow is passed on.
pub(super) fn as_words(rows: &RecordBatch, columns: &[&str]) -> Result<RecordBatch, ArrowError> {
    let schema = with_words(&rows.schema(), columns);
    let columns = rows.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| arrow::compute::cast(column, field.data_type()));
    RecordBatch::try_new(Arc::new(schema.clone()), columns.collect::<Result<Vec<_>, _>>()?)
}

/// A schema with some texts as keys of a dictionary. A column of nothing but nulls has no dictionary in a
/// file; one would be made row by row, which takes longer than copying.
pub(super) fn with_words(schema: &Schema, columns: &[&str]) -> Schema {
    let field = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 if columns.contains(&field.name().as_str()) => {
            let words = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            Arc::new(field.as_ref().clone().with_data_type(words))
        }
        _ => Arc::clone(field),
    };
    Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>())
}
