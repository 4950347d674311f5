//! Who owns which part of a project: the rules, a place to try them on a stored event, and the import of a
//! CODEOWNERS file.

mod form;
mod trial;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::routing::TypedPath;
use http::StatusCode;
use serde::Deserialize;

use crate::app::App;
use crate::base::Slug;
use crate::domain::ownership::codeowners::{self, Conversion};
use crate::domain::ownership::{self, LineProblem, Owners, Ownership};
use crate::domain::projects::Project;
use crate::web::components::number;
use crate::web::issues::actions::unknown_verb;
use crate::web::projects::settings::ProjectSettingsPath;
use crate::web::{Error, Form, Member, Page, Redirect, Result, Shell};
pub use form::OwnershipForm;
use form::{Fields, Import, OwnerChoice};
use trial::Trial;

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/projects/{project}/settings/ownership", rejection(Error))]
pub struct ProjectOwnershipPath {
    /// Whose project.
    pub organization: Slug,
    /// Which one.
    pub project: Slug,
}

#[derive(Template)]
#[template(path = "ownership/project.html")]
struct ProjectOwnershipView {
    shell: Shell,
    path: ProjectOwnershipPath,
    settings_path: ProjectSettingsPath,
    teams_url: String,
    heading: String,
    /// The team that owns the project.
    team: String,
    fields: Fields,
    problems: Vec<LineProblem>,
    /// What was done that is not saved yet.
    note: String,
    trial: Option<Trial>,
    import: Option<Import>,
    choices: Vec<OwnerChoice>,
}

/// What the page shows besides what is stored.
#[derive(Default)]
struct Outcome {
    form: Option<OwnershipForm>,
    problems: Vec<LineProblem>,
    note: String,
    trial: Option<Trial>,
    import: Option<Conversion>,
}

/// Shows the settings.
pub async fn show_project_ownership(
    path: ProjectOwnershipPath,
    member: Member,
    State(app): State<App>,
) -> Result<Page> {
    let scene = Scene::load(&app, &member, &path).await?;
    scene.page(&member, path, Outcome::default())
}

/// Saves the rules, tries them on an event, or makes rules of a CODEOWNERS file.
pub async fn change_project_ownership(
    path: ProjectOwnershipPath,
    member: Member,
    State(app): State<App>,
    Form(form): Form<OwnershipForm>,
) -> Result<Response> {
    let scene = Scene::load(&app, &member, &path).await?;
    let outcome = match form.verb.as_str() {
        "save" => match scene.save(&app, &form).await? {
            Ok(()) => {
                let words = "Saved. New and returning issues follow within seconds.";
                return Ok(Redirect::to(path).with_flash(words).into_response());
            }
            Err(problems) => Outcome { problems, ..Outcome::default() },
        },
        "try" => scene.attempt(&app, &form).await?,
        "read" | "import" => scene.convert(&form),
        _ => return Err(unknown_verb()),
    };
    let form = outcome.form.clone().or(Some(form));
    let page = scene.page(&member, path, Outcome { form, ..outcome })?;
    Ok(page.into_response())
}

/// What every answer of the page needs.
struct Scene {
    project: Project,
    owners: Owners,
    stored: Ownership,
}

impl Scene {
    async fn load(app: &App, member: &Member, path: &ProjectOwnershipPath) -> Result<Self> {
        let project = member.project(&path.project)?.clone();
        let mut db = app.db.acquire().await?;
        Ok(Self {
            owners: Owners::find(&mut db, project.organization_id).await?,
            stored: ownership::find(&mut db, project.id).await?,
            project,
        })
    }

    /// Saves what was filled in; what is wrong with it, otherwise.
    async fn save(
        &self,
        app: &App,
        form: &OwnershipForm,
    ) -> Result<std::result::Result<(), Vec<LineProblem>>> {
        let rules = form.rules();
        if let Err(problems) = ownership::check(&rules, &self.owners) {
            return Ok(Err(problems));
        }
        let mapping = match form.mapping() {
            mapping if mapping.names.is_empty() => self.stored.mapping.clone(),
            mapping => mapping,
        };
        let auto_assign = form.auto_assign(self.stored.auto_assign);
        let wanted = Ownership { rules, auto_assign, mapping, ..self.stored.clone() };
        ownership::set(app, &self.project, &wanted).await?;
        Ok(Ok(()))
    }

    /// Who would get an event by the rules that were filled in.
    async fn attempt(&self, app: &App, form: &OwnershipForm) -> Result<Outcome> {
        Ok(match ownership::check(&form.rules(), &self.owners) {
            Ok(rules) => {
                let mut db = app.db.acquire().await?;
                let named = form.event.replace('\0', "");
                let tried = (&rules, self.team(), named.trim());
                let trial = trial::run(app, &mut db, &self.project, tried).await?;
                Outcome { trial: Some(trial), ..Outcome::default() }
            }
            Err(problems) => Outcome { problems, ..Outcome::default() },
        })
    }

    /// Reads a CODEOWNERS file; puts its rules among those that were filled in once people are chosen.
    fn convert(&self, form: &OwnershipForm) -> Outcome {
        let mut mapping = form.mapping();
        let named = codeowners::convert(&form.codeowners, &mapping).names;
        let mut guessed = self.owners.guess(&named);
        guessed.extend(self.stored.mapping.names.clone());
        for name in named {
            let guess = guessed.remove(&name).unwrap_or_default();
            mapping.names.entry(name).or_insert(guess);
        }
        let conversion = codeowners::convert(&form.codeowners, &mapping);
        let mut form = OwnershipForm::of_mapping(form, &mapping);
        let mut note = String::new();
        if form.verb == "import" {
            form.rules = codeowners::placed(&form.rules(), &conversion.rules);
            let rules = number::counted_len(conversion.rules.len(), "rule", "rules");
            note = format!("{rules} of CODEOWNERS stand among the rules below. Save to keep them.");
        }
        Outcome { note, import: Some(conversion), form: Some(form), ..Outcome::default() }
    }

    /// The team that owns the project.
    fn team(&self) -> String {
        let owner = ownership::Owner::Team(self.project.team_id);
        self.owners.label(owner).unwrap_or_default()
    }

    fn page(&self, member: &Member, path: ProjectOwnershipPath, outcome: Outcome) -> Result<Page> {
        let is_fine = outcome.problems.is_empty();
        let status = if is_fine { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        Ok(Page::new(&self.view(member, path, outcome))?.with_status(status))
    }

    fn view(
        &self,
        member: &Member,
        path: ProjectOwnershipPath,
        outcome: Outcome,
    ) -> ProjectOwnershipView {
        let Outcome { form, problems, note, trial, import } = outcome;
        let organization = path.organization.clone();
        let fields = Fields::new(&self.stored, form);
        ProjectOwnershipView {
            shell: member.shell("projects"),
            teams_url: format!("/{organization}/settings/teams"),
            settings_path: ProjectSettingsPath { organization, project: path.project.clone() },
            heading: self.project.name.clone(),
            team: self.team(),
            import: import.map(|found| Import::new(found, &fields.mapping, &self.owners)),
            choices: OwnerChoice::all(&self.owners),
            fields,
            problems,
            note,
            trial,
            path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::projects::sample_project;

    fn render(outcome: Outcome) -> String {
        let project = sample_project("checkout", None, true);
        let member = Member::sample(project.clone());
        let path = ProjectOwnershipPath {
            organization: "default".parse().unwrap(),
            project: "checkout".parse().unwrap(),
        };
        let stored = Ownership { rules: "path:<b>* #payments".to_owned(), ..Ownership::default() };
        let scene = Scene { project, owners: Owners::default(), stored };
        scene.view(&member, path, outcome).render().unwrap()
    }

    #[test]
    fn what_is_stored_is_filled_in_and_escaped() {
        let html = render(Outcome::default());
        assert!(html.contains("path:&#60;b&#62;* #payments"), "{html}");
        assert!(html.contains("<option value=\"rules\" selected>"), "{html}");
    }

    #[test]
    fn every_line_that_is_wrong_is_listed() {
        let problem = |line, text: &str| LineProblem { line, text: text.to_owned() };
        let problems = vec![problem(1, "`a` is <no> owner."), problem(7, "The pattern is empty.")];
        let html = render(Outcome { problems, ..Outcome::default() });
        assert!(html.contains("Line 1: <code>a</code> is &#60;no&#62; owner."), "{html}");
        assert!(html.contains("Line 7: The pattern is empty."), "{html}");
        assert!(html.contains("aria-invalid"), "{html}");
    }

    #[test]
    fn what_a_file_names_can_be_mapped_and_what_is_left_out_is_said() {
        let file = "/docs/ @acme/<docs>\n";
        let conversion = codeowners::convert(file, &codeowners::Mapping::default());
        let form = OwnershipForm { codeowners: file.to_owned(), ..OwnershipForm::default() };
        let import = Some(conversion);
        let html = render(Outcome { import, form: Some(form), ..Outcome::default() });
        assert!(html.contains("@acme/&#60;docs&#62;"), "{html}");
        assert!(html.contains("Nobody whom it names is mapped to anybody here."), "{html}");
    }
}
