//! Bad input costs little: bounded time, bounded memory, and none at all where a token is malformed or
//! too large. Every input ends in success or in a documented code.

mod keys;
mod measure;
mod policies;
mod tokens;

#[global_allocator]
static ALLOCATOR: measure::Counting = measure::Counting;
