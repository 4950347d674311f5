//! What builds do: `sentry-cli` makes a release, tells its commits, finalizes it and says where it went.

use std::path::{Path, PathBuf};
use std::process::Output;

use picket::domain::accounts::{Scopes, tokens};
use picket::domain::organizations;
use serde_json::Value;
use tokio::process::Command;

use super::{node, variable};
use crate::api::program::Program;
use crate::support::TestApp;

/// A repository on this machine, and a `sentry-cli` that works in it.
struct Build {
    directory: tempfile::TempDir,
    client: PathBuf,
    url: String,
    token: String,
}

impl Build {
    async fn start(app: &TestApp) -> Self {
        let modules = PathBuf::from(variable("PICKET_TEST_NODE_MODULES").unwrap());
        let mut db = app.app.db.acquire().await.unwrap();
        let organization = organizations::store::find(&mut db, app.organization).await.unwrap();
        drop(db);
        let organization = organization.unwrap();
        let new = tokens::NewToken {
            organization_id: organization.id,
            organization_slug: &organization.slug,
            user_id: None,
            name: "build",
            scopes: Scopes::parse("org:ci").unwrap(),
        };
        let (_, token) = tokens::create(&app.app, new).await.unwrap();
        let build = Self {
            directory: tempfile::tempdir().unwrap(),
            client: modules.join("@sentry/cli/bin/sentry-cli"),
            url: app.url.clone(),
            token,
        };
        build.git(&["init", "--quiet", "--initial-branch", "main"]).await;
        build.git(&["remote", "add", "origin", "https://git.example.com/acme/shop.git"]).await;
        build
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.directory.path())
            .env_remove("GIT_DIR")
            .env("HOME", self.directory.path())
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.com")
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@example.com")
            .env("SENTRY_URL", &self.url)
            .env("SENTRY_ORG", "default")
            .env("SENTRY_PROJECT", "shop")
            .env("SENTRY_AUTH_TOKEN", &self.token)
            .env("NO_COLOR", "1");
        command
    }

    async fn git(&self, arguments: &[&str]) {
        let output = self.command("git").args(arguments).output().await.unwrap();
        assert!(output.status.success(), "{}", words(&output));
    }

    async fn commit(&self, file: &str, message: &str) {
        let path = self.directory.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(path, message).unwrap();
        self.git(&["add", "."]).await;
        self.git(&["commit", "--quiet", "--message", message]).await;
    }

    /// Runs `sentry-cli` and gives what it says.
    async fn tell(&self, arguments: &[&str]) -> String {
        let output = self.command("node").arg(&self.client).args(arguments).output().await.unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", words(&output));
        words(&output)
    }
}

fn words(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_registers_its_releases() {
    if !node::has(&["@sentry/cli"]) {
        return;
    }
    let app = TestApp::start().await;
    app.create_project("Shop").await;
    let build = Build::start(&app).await;
    build.commit("src/cart.py", "Carts can be emptied").await;
    build.commit("src/pay.py", "Cards are charged once").await;

    assert!(build.tell(&["info"]).await.contains("Server: http://127.0.0.1"));
    let said = build.tell(&["releases", "new", "shop@1.0.0"]).await;
    assert!(said.contains("Created release shop@1.0.0"), "{said}");
    let said = build.tell(&["releases", "set-commits", "shop@1.0.0", "--local"]).await;
    assert!(said.contains("Success! Set commits"), "{said}");
    let said = build.tell(&["releases", "finalize", "shop@1.0.0"]).await;
    assert!(said.contains("Finalized release shop@1.0.0"), "{said}");
    let said = build
        .tell(&["releases", "deploys", "shop@1.0.0", "new", "-e", "production", "-n", "first"])
        .await;
    assert!(said.contains("Created new deploy first for 'production'"), "{said}");
    // The next build says what came since.
    build.commit("src/pay.py", "Cards are charged after all").await;
    build.tell(&["releases", "new", "shop@1.1.0"]).await;
    let said = build.tell(&["releases", "set-commits", "shop@1.1.0", "--auto"]).await;
    assert!(said.contains("Success! Set commits"), "{said}");
    let listed = build.tell(&["releases", "list"]).await;
    assert!(listed.contains("1.0.0") && listed.contains("1.1.0"), "{listed}");
    let said = build.tell(&["releases", "info", "shop@1.0.0"]).await;
    assert!(said.contains("shop@1.0.0"), "{said}");

    let program = Program::reading(&app).await;
    let read = async |path: &str| program.read(&format!("/organizations/default{path}")).await;
    let release = read("/releases/shop@1.0.0/").await;
    assert!(release["dateReleased"].is_string());
    assert_eq!(release["commitCount"], 2);
    assert_eq!(release["lastCommit"]["message"], "Cards are charged once\n");
    // So `--local` calls whatever it finds.
    assert_eq!(release["lastCommit"]["repository"]["name"], "origin");
    assert_eq!(release["authors"][0]["email"], "ada@example.com");
    assert_eq!(release["lastDeploy"]["environment"], "production");
    assert_eq!(release["projects"][0]["slug"], "shop");
    let changed = |files: &Value| -> Vec<String> {
        let file = |file: &Value| format!("{} {}", file["type"], file["filename"]);
        files.as_array().unwrap().iter().map(file).collect()
    };
    let files = read("/releases/shop@1.0.0/commitfiles/").await;
    assert_eq!(changed(&files), ["\"A\" \"src/pay.py\"", "\"A\" \"src/cart.py\""]);
    let next = read("/releases/shop@1.1.0/").await;
    assert_eq!((&next["commitCount"], &next["dateReleased"]), (&1.into(), &Value::Null));
    let files = read("/releases/shop@1.1.0/commitfiles/").await;
    assert_eq!(changed(&files), ["\"M\" \"src/pay.py\""]);

    build.tell(&["releases", "archive", "shop@1.0.0"]).await;
    assert_eq!(read("/releases/?status=archived").await[0]["version"], "shop@1.0.0");
    build.tell(&["releases", "delete", "shop@1.0.0"]).await;
    assert_eq!(read("/releases/").await.as_array().unwrap().len(), 1);
    app.stop().await;
}
