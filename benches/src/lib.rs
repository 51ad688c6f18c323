//! Tokens, policies and peers that the benchmarks share.
