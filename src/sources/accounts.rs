//! Gateways' accounts: which name and password may write below which project and site.
//!
//! One SQLite file, `credentials.sqlite`, readable by its owner alone; a password is kept as its
//! argon2id hash and shown once, when it is drawn. The command line and the daemon use the file at
//! the same time: a removed account fails at its next connect. Never logs a password.
//!
//! A check costs the same for a name that does not exist. Hashing runs beside the runtime, a few at
//! a time, so that a flood of guesses cannot take all memory and cores; a login that has succeeded is
//! remembered, as a hash keyed with a secret of this process, and passes the flood by.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use crate::domain::digest::Sha256Digest;
use crate::domain::id::{IdError, ProjectId, SiteId, check_id};
use crate::domain::time::Timestamp;

/// Version of the file's tables, in SQLite's `user_version`.
const VERSION: i64 = 1;
/// Random bytes of a password: 192 bits, beyond guessing.
const PASSWORD_BYTES: usize = 24;
/// Hashes computed at once: each takes 19 MiB (argon2's defaults, OWASP's second choice).
const HASHES_AT_ONCE: usize = 2;
/// Logins remembered; beyond it all are forgotten, which costs a hash each.
const REMEMBERED_MAX: usize = 10_000;

/// Why accounts could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    #[error("{action} accounts in {path}: {source}")]
    File { action: &'static str, path: String, source: rusqlite::Error },
    #[error("restrict {path} to its owner: {source}")]
    Mode { path: String, source: std::io::Error },
    #[error("{path} has version {found} of the accounts, this program knows {VERSION}")]
    Version { path: String, found: i64 },
    #[error("account name {name:?}: {source}")]
    Name { name: String, source: IdError },
    #[error("account {0:?} exists already; remove it first to give it a new password")]
    Exists(String),
    #[error("account {name:?} is damaged: {what}; remove it and add it again")]
    Damaged { name: String, what: String },
    #[error("no random bytes from the system: {0}")]
    Random(getrandom::Error),
    #[error("hash a password: {0}")]
    Hash(String),
}

/// A gateway's account, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user name, an id; it stands in `messages` as the client.
    pub name: Arc<str>,
    pub project: ProjectId,
    pub site: SiteId,
    pub created_at: Timestamp,
}

/// The accounts of a data folder.
pub struct Accounts {
    path: PathBuf,
    file: Mutex<Connection>,
    /// Hash of a password that none has: verified where a name does not exist.
    decoy: String,
    hashing: Semaphore,
    /// By name: the keyed hash of the password, and the stored hash that it was verified against.
    remembered: Mutex<HashMap<Arc<str>, (Sha256Digest, String)>>,
    /// Keys the remembered hashes; drawn anew by every process.
    secret: [u8; 32],
}

impl Accounts {
    /// Opens the file, making it where there is none.
    ///
    /// # Errors
    /// When it cannot be opened, or is of another version.
    pub fn open(path: &Path) -> Result<Self, AccountsError> {
        let shown = path.display().to_string();
        let failed = |action| {
            let path = shown.clone();
            move |source| AccountsError::File { action, path, source }
        };
        let file = Connection::open(path).map_err(failed("open"))?;
        restrict(path).map_err(|source| AccountsError::Mode { path: shown.clone(), source })?;
        file.busy_timeout(std::time::Duration::from_secs(5)).map_err(failed("open"))?;
        let found: i64 = file
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(failed("open"))?;
        match found {
            0 => file.execute_batch(&format!(
                "BEGIN IMMEDIATE;
                 CREATE TABLE IF NOT EXISTS accounts (
                     name TEXT PRIMARY KEY, hash TEXT NOT NULL, project TEXT NOT NULL,
                     site TEXT NOT NULL, created_us INTEGER NOT NULL
                 ) STRICT, WITHOUT ROWID;
                 PRAGMA user_version = {VERSION};
                 COMMIT;"
            )),
            VERSION => Ok(()),
            _ => return Err(AccountsError::Version { path: shown, found }),
        }
        .map_err(failed("make the table of"))?;
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(AccountsError::Random)?;
        Ok(Self {
            path: path.to_owned(),
            file: Mutex::new(file),
            decoy: hash(&random_password()?)?,
            hashing: Semaphore::new(HASHES_AT_ONCE),
            remembered: Mutex::default(),
            secret,
        })
    }

    /// Adds an account and draws its password, which is given here and never again.
    ///
    /// # Errors
    /// When the name is no id or exists already, or the file cannot be written.
    pub fn add(
        &self,
        project: &ProjectId,
        site: &SiteId,
        name: &str,
        created_at: Timestamp,
    ) -> Result<String, AccountsError> {
        check_id(name).map_err(|source| AccountsError::Name { name: name.to_owned(), source })?;
        let password = random_password()?;
        let hash = hash(&password)?;
        let added = lock(&self.file)
            .execute(
                "INSERT INTO accounts (name, hash, project, site, created_us)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                params![name, hash, project.as_str(), site.as_str(), created_at.us()],
            )
            .map_err(self.failed("add to"))?;
        if added == 0 {
            return Err(AccountsError::Exists(name.to_owned()));
        }
        Ok(password)
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// When the file cannot be read or an account in it is damaged.
    pub fn list(&self) -> Result<Vec<Account>, AccountsError> {
        let file = lock(&self.file);
        let read = || -> rusqlite::Result<Vec<Row>> {
            let sql = "SELECT name, hash, project, site, created_us FROM accounts ORDER BY name";
            file.prepare(sql)?.query_map([], Row::read)?.collect()
        };
        let rows = read().map_err(self.failed("list"))?;
        rows.into_iter().map(|row| row.account().map(|(account, _)| account)).collect()
    }

    /// Removes an account; false if there is none of this name. A connection that it has now goes
    /// on until it ends.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn remove(&self, name: &str) -> Result<bool, AccountsError> {
        let removed = lock(&self.file)
            .execute("DELETE FROM accounts WHERE name = ?1", params![name])
            .map_err(self.failed("remove from"))?;
        Ok(removed > 0)
    }

    /// The account, if name and password are right. Blocks for some 20 ms: see
    /// [`Accounts::authenticate`].
    ///
    /// # Errors
    /// When the file cannot be read or the account in it is damaged.
    pub fn check(&self, name: &str, password: &str) -> Result<Option<Account>, AccountsError> {
        let found = self.find(name)?;
        let hash = found.as_ref().map_or(self.decoy.as_str(), |(_, hash)| hash);
        let parsed = PasswordHash::new(hash).map_err(|error| AccountsError::Damaged {
            name: name.to_owned(),
            what: error.to_string(),
        })?;
        let is_right = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
        let Some((account, hash)) = found.filter(|_| is_right) else { return Ok(None) };
        let mut remembered = lock(&self.remembered);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        let keyed = self.keyed(name, password);
        remembered.insert(Arc::clone(&account.name), (keyed, hash));
        Ok(Some(account))
    }

    /// As [`Accounts::check`], beside the runtime and a few at a time.
    ///
    /// # Errors
    /// As [`Accounts::check`].
    pub async fn authenticate(
        self: Arc<Self>,
        name: String,
        password: String,
    ) -> Result<Option<Account>, AccountsError> {
        let stopped = |error: tokio::task::JoinError| AccountsError::Hash(error.to_string());
        let accounts = Arc::clone(&self);
        let (name, password, known) = tokio::task::spawn_blocking(move || {
            let known = accounts.recall(&name, &password);
            (name, password, known)
        })
        .await
        .map_err(stopped)?;
        if let Some(account) = known? {
            return Ok(Some(account));
        }
        let permit = self.hashing.acquire().await;
        let permit = permit.map_err(|error| AccountsError::Hash(error.to_string()))?;
        let accounts = Arc::clone(&self);
        let checked = tokio::task::spawn_blocking(move || accounts.check(&name, &password)).await;
        drop(permit);
        checked.map_err(stopped)?
    }

    /// The account, if this login has succeeded before and the account still has that password.
    fn recall(&self, name: &str, password: &str) -> Result<Option<Account>, AccountsError> {
        let Some((keyed, verified)) = lock(&self.remembered).get(name).cloned() else {
            return Ok(None);
        };
        if keyed != self.keyed(name, password) {
            return Ok(None);
        }
        let found = self.find(name)?;
        Ok(found.filter(|(_, hash)| *hash == verified).map(|(account, _)| account))
    }

    /// An account and its hash.
    fn find(&self, name: &str) -> Result<Option<(Account, String)>, AccountsError> {
        let row = lock(&self.file)
            .query_row(
                "SELECT name, hash, project, site, created_us FROM accounts WHERE name = ?1",
                params![name],
                Row::read,
            )
            .optional()
            .map_err(self.failed("read"))?;
        row.map(Row::account).transpose()
    }

    /// A hash that says nothing to whoever does not know this process's secret. Both parts are
    /// hashed, so that comparing two of them tells nothing of either by its duration.
    fn keyed(&self, name: &str, password: &str) -> Sha256Digest {
        let digest = Sha256::new()
            .chain_update(self.secret)
            .chain_update((name.len() as u64).to_be_bytes())
            .chain_update(name)
            .chain_update(password);
        Sha256Digest(digest.finalize().into())
    }

    fn failed(&self, action: &'static str) -> impl FnOnce(rusqlite::Error) -> AccountsError {
        let path = self.path.display().to_string();
        move |source| AccountsError::File { action, path, source }
    }
}

struct Row {
    name: String,
    hash: String,
    project: String,
    site: String,
    created_us: i64,
}

impl Row {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            name: row.get(0)?,
            hash: row.get(1)?,
            project: row.get(2)?,
            site: row.get(3)?,
            created_us: row.get(4)?,
        })
    }

    fn account(self) -> Result<(Account, String), AccountsError> {
        let name = self.name;
        let damaged =
            |error: IdError| AccountsError::Damaged { name: name.clone(), what: error.to_string() };
        let account = Account {
            project: ProjectId::parse(&self.project).map_err(damaged)?,
            site: SiteId::parse(&self.site).map_err(damaged)?,
            created_at: Timestamp::from_us(self.created_us),
            name: name.as_str().into(),
        };
        Ok((account, self.hash))
    }
}

fn hash(password: &str) -> Result<String, AccountsError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(AccountsError::Random)?;
    let failed = |error: argon2::password_hash::Error| AccountsError::Hash(error.to_string());
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt).map_err(failed)?;
    Ok(hash.to_string())
}

fn random_password() -> Result<String, AccountsError> {
    let mut bytes = [0; PASSWORD_BYTES];
    getrandom::fill(&mut bytes).map_err(AccountsError::Random)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

fn restrict(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

/// What a panic elsewhere left behind is whole: SQLite rolls back, and the map holds no half entry.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(folder: &Path) -> Accounts {
        Accounts::open(&folder.join("credentials.sqlite")).unwrap()
    }

    fn add(accounts: &Accounts, name: &str) -> Result<String, AccountsError> {
        let (project, site) = (ProjectId::parse("p").unwrap(), SiteId::parse("s").unwrap());
        accounts.add(&project, &site, name, Timestamp::from_us(5))
    }

    fn authenticate(accounts: &Arc<Accounts>, name: &str, password: &str) -> Option<Account> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let login = Arc::clone(accounts).authenticate(name.to_owned(), password.to_owned());
        runtime.block_on(login).unwrap()
    }

    #[test]
    fn an_account_is_found_only_by_its_own_password() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = open(folder.path());
        let password = add(&accounts, "gw-1").unwrap();
        let other = add(&accounts, "gw-2").unwrap();
        let account = accounts.check("gw-1", &password).unwrap().unwrap();
        assert_eq!((&*account.name, account.created_at.us()), ("gw-1", 5));
        assert_eq!((account.project.as_str(), account.site.as_str()), ("p", "s"));
        for (name, wrong) in
            [("gw-1", other.as_str()), ("gw-1", ""), ("gw-3", &password), ("", &password)]
        {
            assert_eq!(accounts.check(name, wrong).unwrap(), None, "{name}");
        }
        assert_eq!(accounts.list().unwrap().len(), 2);
        assert!(matches!(add(&accounts, "gw-1"), Err(AccountsError::Exists(_))));
        assert!(matches!(add(&accounts, "gw 1"), Err(AccountsError::Name { .. })));
    }

    #[test]
    fn the_file_keeps_hashes_and_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let password = add(&open(folder.path()), "gw").unwrap();
        let path = folder.path().join("credentials.sqlite");
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(password.len()).any(|window| window == password.as_bytes()));
        assert!(bytes.windows(9).any(|window| window == b"$argon2id"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(open(folder.path()).check("gw", &password).unwrap().is_some(), "it reads back");
    }

    #[test]
    fn a_remembered_login_ends_with_its_account() {
        let folder = tempfile::tempdir().unwrap();
        let accounts = Arc::new(open(folder.path()));
        let first = add(&accounts, "gw").unwrap();
        assert!(authenticate(&accounts, "gw", &first).is_some());
        assert!(accounts.recall("gw", &first).unwrap().is_some());
        assert!(accounts.recall("gw", "wrong").unwrap().is_none());
        // As the command line does, in a process of its own.
        assert!(open(folder.path()).remove("gw").unwrap());
        assert!(authenticate(&accounts, "gw", &first).is_none());
        let second = add(&open(folder.path()), "gw").unwrap();
        assert!(authenticate(&accounts, "gw", &first).is_none());
        assert!(authenticate(&accounts, "gw", &second).is_some());
        assert!(!accounts.remove("nobody").unwrap());
    }

    #[test]
    fn a_file_of_a_later_version_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials.sqlite");
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
        assert!(matches!(Accounts::open(&path), Err(AccountsError::Version { found: 2, .. })));
    }
}
