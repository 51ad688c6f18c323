//! Policies from files, text and data, with the files that they name.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};

use counterseal::{Code, Format, Guard, Policy, PolicyError};

const JWKS: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
const POLICY: &str = r#"version = 1
[[issuer]]
name = "main"
issuer = "https://idp.example.com"
profile = "access_token"
algorithms = ["Ed25519"]
keys = { jwks_file = "keys/jwks.json" }
[service.orders]
audience = "orders"
"#;
const DICT: &str = r#"{"version":1,"issuer":[{"issuer":"https://idp.example.com","profile":"access_token","audience":"orders","algorithms":["Ed25519"],"keys":{"jwks_file":"keys/jwks.json"}}]}"#;

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("counterseal-{}-{name}", std::process::id()));
        std::fs::create_dir_all(path.join("keys")).unwrap();
        let folder = Folder(path);
        folder.write("keys/jwks.json", JWKS.as_bytes());
        folder
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn only(error: &PolicyError) -> (u32, u32, String, Code) {
    let [problem] = error.problems() else { panic!("{error}") };
    (problem.line, problem.column, problem.path.clone(), problem.code)
}

#[test]
fn paths_start_at_the_policy_file_or_at_the_base_directory() {
    let folder = Folder::new("paths");
    let file = folder.write("policy.toml", POLICY.as_bytes());
    Policy::load(&file, Some("orders")).unwrap();
    Guard::load(&file, Some("orders")).unwrap().reload().unwrap();
    Policy::from_str(POLICY, Format::Toml, Some("orders"), Some(&folder.0)).unwrap();
    Policy::from_dict(DICT, None, Some(&folder.0)).unwrap();
    let upper = folder.write("policy.JSON", DICT.as_bytes());
    Policy::load(&upper, None).unwrap();

    let elsewhere = folder.0.join("keys");
    let error = Policy::from_dict(DICT, None, Some(&elsewhere)).unwrap_err();
    assert_eq!(only(&error), (0, 0, "issuer[0].keys.jwks_file".to_owned(), Code::ConfigFile));
    let missing = elsewhere.join("keys/jwks.json");
    assert_eq!(
        error.to_string(),
        format!(
            "/issuer/0/keys/jwks_file: the file cannot be read: {}: no such file; \
             relative paths start at the directory of the policy file, or at `base_dir`",
            missing.display()
        )
    );
}

#[test]
fn what_one_service_sees_is_written_out() {
    let folder = Folder::new("expand");
    let file = folder.write("policy.toml", POLICY.as_bytes());
    assert_eq!(Policy::services(&file).unwrap(), ["orders"]);
    let expanded = Policy::expand(&file, Some("orders")).unwrap();
    assert_eq!(
        expanded,
        "version = 1\naudience = \"orders\"  # service.orders\n\n[[issuer]]\nname = \"main\"\n\
         issuer = \"https://idp.example.com\"\nprofile = \"access_token\"\nalgorithms = [\"Ed25519\"]\n\n\
         [issuer.keys]\njwks_file = \"keys/jwks.json\"\n"
    );
    let again = folder.write("expanded.toml", expanded.as_bytes());
    Policy::load(&again, None).unwrap();
    assert_eq!(only(&Policy::expand(&file, None).unwrap_err()).3, Code::ConfigMissing);
}

#[test]
fn a_file_that_cannot_be_read_is_one_problem() {
    let folder = Folder::new("unreadable");
    let load = |path: &Path| Policy::load(path, None).unwrap_err();
    let error = load(&folder.0.join("none.toml"));
    assert_eq!(only(&error), (0, 0, String::new(), Code::ConfigFile));
    assert_eq!(error.to_string(), "the policy file cannot be read: no such file");
    assert_eq!(only(&load(&folder.0)), (0, 0, String::new(), Code::ConfigFile));
    let latin = folder.write("latin.toml", b"version = 1\n# caf\xe9\n");
    assert_eq!(only(&load(&latin)), (2, 6, String::new(), Code::ConfigSyntax));
    let large = folder.write("large.toml", &vec![b'\n'; 1024 * 1024 + 1]);
    assert_eq!(only(&load(&large)), (0, 0, String::new(), Code::ConfigFile));
    assert!(matches!(Policy::services(&latin), Err(error) if only(&error).0 == 2));
    let open = folder.write("open.json", b"{");
    assert_eq!(only(&Policy::services(&open).unwrap_err()), (1, 1, String::new(), Code::ConfigSyntax));
    assert!(matches!(Policy::expand(&latin, None), Err(error) if only(&error).0 == 2));
}
