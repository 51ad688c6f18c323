//! Another Rust static library in the same program, which catches a panic of its own.

#[unsafe(no_mangle)]
pub extern "C" fn neighbour_catches_a_panic() -> u32 {
    std::panic::set_hook(Box::new(|_| {}));
    u32::from(std::panic::catch_unwind(|| panic!("a neighbour's")).is_err())
}
