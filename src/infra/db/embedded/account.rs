//! The user that runs Postgres, which refuses to run as root.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use nix::unistd::{Gid, Uid, User, geteuid};

/// Who runs Postgres when Picket is root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: Uid,
    pub(super) gid: Gid,
    pub(super) name: String,
}

/// Whom to become: nobody else unless root, then the owner of the cluster, else `postgres`, else `nobody`.
pub(super) fn choose(cluster: &Path) -> Result<Option<Account>> {
    let owner = fs::metadata(cluster).ok().map(|found| (found.uid(), found.gid()));
    if !geteuid().is_root() {
        return match owner {
            Some((uid, _)) if uid != geteuid().as_raw() => Err(anyhow!(
                "the data in `{}` belongs to {}; run Picket as that user or as root",
                cluster.display(),
                describe(Uid::from_raw(uid))
            )),
            _ => Ok(None),
        };
    }
    match owner {
        Some((0, _)) => bail!(
            "`{}` belongs to root, as whom Postgres does not run; give it to the user that shall run \
             it, for example `chown -R postgres {}`",
            cluster.display(),
            cluster.display()
        ),
        Some((uid, gid)) => Ok(Some(of_owner(uid, gid))),
        None => unprivileged().map(Some),
    }
}

fn of_owner(uid: u32, gid: u32) -> Account {
    let uid = Uid::from_raw(uid);
    User::from_uid(uid).ok().flatten().map_or_else(
        || Account { uid, gid: Gid::from_raw(gid), name: describe(uid) },
        Account::from,
    )
}

fn unprivileged() -> Result<Account> {
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| User::from_name(name).ok().flatten())
        .filter(|user| !user.uid.is_root())
        .map(Account::from)
        .ok_or_else(|| {
            anyhow!(
                "Postgres does not run as root, and there is neither a user `postgres` nor `nobody` to \
                 run it as; create one (`useradd --system postgres`) or run Picket as an ordinary user"
            )
        })
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self { uid: user.uid, gid: user.gid, name: format!("user `{}`", user.name) }
    }
}

/// What to call a user in a message.
pub(super) fn describe(uid: Uid) -> String {
    match User::from_uid(uid) {
        Ok(Some(user)) => format!("user `{}`", user.name),
        _ => format!("user id {uid}"),
    }
}

/// `initdb` looks its own user up by name and fails without one, in words that help nobody.
pub(super) fn require_a_name(account: Option<&Account>) -> Result<()> {
    let uid = account.map_or_else(geteuid, |account| account.uid);
    if let Ok(Some(_)) = User::from_uid(uid) {
        return Ok(());
    }
    bail!(
        "user id {uid} has no entry in `/etc/passwd`, without which `initdb` cannot make a database; add \
         one, run Picket as another user, or set DATABASE_URL to a Postgres server"
    )
}
