//! The table of limits, as people fill it in: the same for a project and for a key.

use serde::Deserialize;

use crate::domain::limits::{Group, Limits, MAX_LIMIT, Window, Windows};
use crate::web::components::number;
use crate::web::forms::Problem;
use crate::web::usage::words;

/// Files are limited in these.
const MEGABYTE: u64 = 1_000_000;

/// The names of the fields, by group and window.
const NAMES: [[&str; Window::ALL.len()]; Group::ALL.len()] = [
    ["errors_minute", "errors_hour", "errors_month"],
    ["attachments_minute", "attachments_hour", "attachments_month"],
    ["everything_minute", "everything_hour", "everything_month"],
];

/// What was typed: numbers, or nothing for no limit.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LimitForm {
    errors_minute: String,
    errors_hour: String,
    errors_month: String,
    attachments_minute: String,
    attachments_hour: String,
    attachments_month: String,
    everything_minute: String,
    everything_hour: String,
    everything_month: String,
}

/// A row of the table.
#[derive(Clone, Debug)]
pub(super) struct LimitRow {
    pub(super) label: &'static str,
    pub(super) unit: &'static str,
    pub(super) cells: Vec<LimitCell>,
}

/// A field of the table.
#[derive(Clone, Debug)]
pub(super) struct LimitCell {
    pub(super) name: &'static str,
    /// For those who do not see the table.
    pub(super) label: String,
    /// Over the field where there is no room for a table.
    pub(super) window: &'static str,
    pub(super) value: String,
    pub(super) problem: String,
}

impl LimitForm {
    /// What is stored.
    pub(super) fn of(limits: &Limits) -> Self {
        let text = |group, window| match limits.get(group, window) {
            None => String::new(),
            Some(limit) => {
                let shown = limit.div_ceil(unit(group));
                number::grouped(i64::try_from(shown).unwrap_or(i64::MAX))
            }
        };
        let [errors, attachments, everything] =
            Group::ALL.map(|group| Window::ALL.map(|window| text(group, window)));
        let [errors_minute, errors_hour, errors_month] = errors;
        let [attachments_minute, attachments_hour, attachments_month] = attachments;
        let [everything_minute, everything_hour, everything_month] = everything;
        Self {
            errors_minute,
            errors_hour,
            errors_month,
            attachments_minute,
            attachments_hour,
            attachments_month,
            everything_minute,
            everything_hour,
            everything_month,
        }
    }

    /// The limits that were typed.
    ///
    /// # Errors
    /// With the first field that holds no number.
    pub(super) fn limits(&self) -> Result<Limits, Problem> {
        let windows = |group: Group| {
            let [minute, hour, month] = Window::ALL.map(|window| self.limit(group, window));
            Ok(Windows { minute: minute?, hour: hour?, month: month? })
        };
        Ok(Limits {
            errors: windows(Group::Errors)?,
            attachments: windows(Group::Attachments)?,
            everything: windows(Group::Everything)?,
        })
    }

    fn limit(&self, group: Group, window: Window) -> Result<Option<u64>, Problem> {
        let is_filler = |c: char| c.is_whitespace() || matches!(c, ',' | '_' | '\'');
        let digits: String = self.text(group, window).chars().filter(|c| !is_filler(*c)).collect();
        if digits.is_empty() {
            return Ok(None);
        }
        let number = digits.parse::<u64>().ok().and_then(|it| it.checked_mul(unit(group)));
        let name = NAMES[group as usize][window as usize];
        match number {
            Some(number) if number <= MAX_LIMIT => Ok(Some(number)),
            Some(_) => Err(Problem::new(name, "This is more than can be counted.")),
            None => Err(Problem::new(name, "Write a whole number, or nothing for no limit.")),
        }
    }

    fn text(&self, group: Group, window: Window) -> &str {
        let all = [
            [&self.errors_minute, &self.errors_hour, &self.errors_month],
            [&self.attachments_minute, &self.attachments_hour, &self.attachments_month],
            [&self.everything_minute, &self.everything_hour, &self.everything_month],
        ];
        all[group as usize][window as usize]
    }

    /// The table.
    pub(super) fn rows(&self, problem: &Problem) -> Vec<LimitRow> {
        let cell = |group: Group, window: Window| {
            let name = NAMES[group as usize][window as usize];
            LimitCell {
                name,
                label: format!("{} in {}", label(group), words::window_name(window)),
                window: column(window),
                value: self.text(group, window).to_owned(),
                problem: problem.of(name).to_owned(),
            }
        };
        let row = |group: Group| LimitRow {
            label: label(group),
            unit: match group {
                Group::Errors => "events",
                Group::Attachments => "MB of files",
                Group::Everything => "items of every kind",
            },
            cells: Window::ALL.map(|window| cell(group, window)).into(),
        };
        Group::ALL.map(row).into()
    }
}

fn unit(group: Group) -> u64 {
    if group == Group::Attachments { MEGABYTE } else { 1 }
}

fn label(group: Group) -> &'static str {
    match group {
        Group::Errors => "Errors",
        Group::Attachments => "Attachments",
        Group::Everything => "Everything",
    }
}

fn column(window: Window) -> &'static str {
    match window {
        Window::Minute => "Minute",
        Window::Hour => "Hour",
        Window::Month => "Month",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_back_as_it_was() {
        let errors = Windows { minute: Some(0), hour: None, month: Some(1_000_000) };
        let attachments = Windows { hour: Some(25 * MEGABYTE), ..Windows::default() };
        let limits = Limits { errors, attachments, everything: Windows::default() };
        let form = LimitForm::of(&limits);
        assert_eq!((&*form.errors_month, &*form.attachments_hour), ("1,000,000", "25"));
        assert_eq!(form.limits(), Ok(limits));
    }

    #[test]
    fn the_field_that_is_wrong_is_named() {
        for wrong in ["many", "-1", "1.5", "99999999999999999999"] {
            let form = LimitForm { errors_hour: wrong.to_owned(), ..LimitForm::default() };
            let problem = form.limits().unwrap_err();
            assert!(problem.of("errors_hour").contains("whole number"), "{wrong}");
            let rows = form.rows(&problem);
            assert!(!rows[0].cells[1].problem.is_empty() && rows[0].cells[0].problem.is_empty());
        }
        let attachments_month = "1,000,000,001".to_owned();
        let form = LimitForm { attachments_month, ..LimitForm::default() };
        assert!(form.limits().unwrap_err().of("attachments_month").contains("more than"));
    }
}
