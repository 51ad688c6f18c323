//! What the figures were measured on. No names of hosts, no paths.

use std::fs::read_to_string;
use std::process::Command;
use std::sync::OnceLock;

/// The machine, in the form that every language writes.
pub fn describe() -> serde_json::Value {
    serde_json::json!({
        "processor": processor(),
        "cores": cores(),
        "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        "runtime": compiler(),
    })
}

/// Cores that this process may use.
pub fn cores() -> usize {
    // Asked for once: a pinned thread would say 1.
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Keeps this thread on one core, if the system lets it.
pub fn pin_thread(core: usize) -> bool {
    cores();
    #[cfg(target_os = "linux")]
    {
        let mut set = rustix::thread::CpuSet::new();
        set.set(core);
        rustix::thread::sched_setaffinity(None, &set).is_ok()
    }
    #[cfg(not(target_os = "linux"))]
    false
}

/// Threads of this process; 0 where the system does not tell.
pub fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// Resident memory of this process in bytes; 0 where the system does not tell.
pub fn resident_bytes() -> u64 {
    let pages = |text: String| text.split(' ').nth(1)?.parse::<u64>().ok();
    read_to_string("/proc/self/statm").ok().and_then(pages).unwrap_or(0) * 4096
}

fn processor() -> String {
    let model = |text: String| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    read_to_string("/proc/cpuinfo").ok().and_then(model).unwrap_or_else(|| "unknown".into())
}

/// Its name and version, without where that came from.
fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.split(" (").next().unwrap_or_default().trim().to_owned()
}
