//! `mrv init`: a configuration and a signing key.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::{Context, Ended};
use crate::config::daemon::DEFAULT_TOML;
use crate::daemon::engine::{PRIVATE_KEY, PUBLIC_KEY};
use crate::dataset::durable::{create_folder, sync_folder};
use crate::evidence::checkpoint;

/// Make a configuration file and the key that signs the evidence log.
///
/// Writes mrv.toml (where --config says), the data folder, and keys/log.key with its public half
/// keys/log.pub. Nothing that is there is overwritten: running it again only adds what is missing.
/// Give keys/log.pub to verifiers by another way than the data, and keep a copy of log.key somewhere
/// safe: without it the log can be read but not continued.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Name of the key: a domain or name that is yours alone; it stands in every checkpoint.
    #[arg(long, default_value = "mrv.local", value_name = "NAME")]
    name: String,
}

pub fn run(context: &Context, arguments: Arguments) -> Result<Ended> {
    let config_file = context.config_file();
    if let Some(folder) = config_file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    }
    let mut made = Vec::new();
    if !config_file.exists() {
        write_new(config_file, DEFAULT_TOML, 0o644)?;
        made.push(config_file.display().to_string());
    }
    let (_, layout) = context.open()?;
    let folder = layout.keys();
    create_folder(&folder)?;
    let (private_path, public_path) = (folder.join(PRIVATE_KEY), folder.join(PUBLIC_KEY));
    if !private_path.exists() {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        let (private, public) = checkpoint::key_pair(&arguments.name, &seed)?;
        write_new(&private_path, &format!("{private}\n"), 0o600)?;
        write_new(&public_path, &format!("{public}\n"), 0o644)?;
        sync_folder(&folder)?;
        made.push(private_path.display().to_string());
        made.push(public_path.display().to_string());
    }
    create_folder(&layout.inboxes())?;
    let public = std::fs::read_to_string(&public_path)
        .with_context(|| format!("read {}", public_path.display()))?;
    let fingerprint = checkpoint::fingerprint(&public);
    let shown = serde_json::json!({
        "made": made,
        "data": layout.root(),
        "public_key": public.trim(),
        "fingerprint": fingerprint,
    });
    context.print(&shown, || {
        let made = match made.as_slice() {
            [] => "nothing to make, all is there".to_owned(),
            made => format!("made {}", made.join(", ")),
        };
        format!(
            "{made}\ndata folder   {}\npublic key    {}\nfingerprint   {fingerprint}\n\
             next          mrv plan apply PLAN.toml, then mrv serve",
            layout.root().display(),
            public.trim(),
        )
    })?;
    Ok(Ended::Done)
}

fn write_new(path: &Path, text: &str, mode: u32) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().with_context(|| format!("write {}", path.display()))
}
