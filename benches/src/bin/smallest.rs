//! The least that a service does, for its size: `smallest counterseal.toml < token`.

use counterseal::Guard;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let policy = std::env::args_os().nth(1).ok_or("the path of a policy is missing")?;
    let guard = Guard::load(policy, None)?;
    let token = std::io::read_to_string(std::io::stdin())?;
    println!("{:?}", guard.verify(token.trim())?.subject());
    Ok(())
}
