//! How large a program is without its symbols and debug information.

use std::path::Path;

/// Bytes of the file that are loaded when the program starts; `None` for what is no 64-bit ELF file.
pub fn loaded_bytes(program: &Path) -> Option<u64> {
    const LOAD: u32 = 1;
    let file = std::fs::read(program).ok()?;
    if !file.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let number = |at: usize, bytes: usize| {
        let bytes = file.get(at..at + bytes)?;
        Some(bytes.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte)))
    };
    let (table, row_bytes, rows) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
    let mut sum = 0;
    for row in 0..rows {
        let at = (table + row * row_bytes) as usize;
        if number(at, 4)? == u64::from(LOAD) {
            sum += number(at + 32, 8)?;
        }
    }
    Some(sum)
}
