//! Writes the seeds of the fuzz target `token`, which need keys. The other seeds are written by hand.

use counterseal_tests::fuzz::{folder, tokens};

fn main() -> std::io::Result<()> {
    for (name, token) in tokens() {
        let file = folder("token").join(name);
        // ES256 signs differently each time: what is there stays.
        if !file.exists() {
            std::fs::write(&file, token)?;
            println!("written  {name}");
        }
    }
    Ok(())
}
