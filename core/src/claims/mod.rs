//! The claims of a token: names, types, dates and counts (CLM-*, JSN-04, JSN-05, JSN-07, LIM-05, LIM-06).

mod date;
mod names;
mod shape;

pub(crate) use date::{Date, Rounding, read_date};
pub(crate) use names::{Claim, Claims, check_case_variants};
pub(crate) use shape::{
    Widened, check_issuer_shape, check_shapes, date_of, is_scope, is_string_list, scope_tokens,
};
