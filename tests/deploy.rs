//! What is handed to operators holds together: the sample configuration is the default one but for
//! its folder, and the unit names the files that the guide installs.

use std::fs;
use std::path::Path;

use mrv::config::daemon::{DEFAULT_TOML, DaemonConfig};

fn deployed(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)).unwrap()
}

#[test]
fn the_sample_configuration_is_the_default_one_but_for_its_folder() {
    let sample = deployed("mrv.toml");
    assert_eq!(sample, DEFAULT_TOML.replace("data = \"data\"", "data = \"/var/lib/mrv\""));
    let config = DaemonConfig::parse("mrv.toml", &sample).unwrap();
    assert_eq!(config.data, Path::new("/var/lib/mrv"));
}

#[test]
fn the_unit_names_what_the_guide_installs() {
    let (unit, guide) = (deployed("mrv.service"), deployed("README.md"));
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let [program, "--config", config, "serve"] = start.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{start}");
    };
    for path in [program, config, "/etc/systemd/system/mrv.service", "/var/lib/mrv"] {
        assert!(guide.contains(path), "the guide does not name {path}");
    }
    assert!(unit.contains("\nStateDirectory=mrv\n"));
}
