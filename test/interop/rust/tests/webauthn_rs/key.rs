//! A key without a browser: `softkey webauthn` in a browser's place, and what a site is given to trust the key by.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use serde_json::Value;
use tempfile::TempDir;

pub const ORIGIN: &str = "https://example.com";

/// Has every algorithm and extension, and attests in the format that a site asks for.
pub const EVERYTHING: &str = r#"{"base": "full-policy", "attestationFormats": ["packed", "fido-u2f", "tpm", "android-key", "apple"]}"#;

/// The AAGUID of the profile full-policy.
pub const AAGUID: &str = "50a4d183-b2dc-5e83-8042-8758cc9420a1";

/// Knows U2F alone.
pub const U2F: &str = r#"{"base": "u2f"}"#;

/// A key in a folder of its own.
pub struct Key {
    folder: TempDir,
    pin: bool,
}

impl Key {
    /// Plugs in a key of a profile, whose user can type a PIN if the profile has any.
    pub fn new(profile: &str) -> Key {
        let key = Key {
            folder: TempDir::new().unwrap(),
            pin: profile != U2F,
        };
        fs::write(key.folder.path().join("profile.json"), profile).unwrap();
        fs::write(key.folder.path().join("pin"), "2468ace").unwrap();
        key.run(&["info", "--device", "loopback"], ""); // from now on there is something to export
        key
    }

    /// Returns a key with the same secrets and the same counter, which counts on by itself.
    pub fn copy(&self) -> Key {
        let key = Key {
            folder: TempDir::new().unwrap(),
            pin: self.pin,
        };
        copy(self.folder.path(), key.folder.path());
        key
    }

    /// Returns the response to the options of a registration or a sign-in.
    pub fn ask(&self, ceremony: &str, options: &Value) -> Value {
        let pin = self.folder.path().join("pin");
        let mut arguments = vec![
            "webauthn", ceremony, "--origin", ORIGIN, "--device", "loopback",
        ];
        if self.pin {
            arguments.extend(["--pin-file", pin.to_str().unwrap()]);
        }
        serde_json::from_str(&self.run(&arguments, &options.to_string())).unwrap()
    }

    /// Returns the root certificate that vouches for the key, in PEM.
    pub fn root(&self) -> String {
        self.run(&["attestation", "export"], "")
    }

    fn run(&self, arguments: &[&str], input: &str) -> String {
        let mut process =
            Command::new(env::var_os("SOFTKEY").expect("SOFTKEY must be the program"))
                .args(arguments)
                .arg("--state")
                .arg(self.folder.path().join("state"))
                .arg("--profile")
                .arg(self.folder.path().join("profile.json"))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
        process
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = process.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            fs::set_permissions(&target, entry.metadata().unwrap().permissions()).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
