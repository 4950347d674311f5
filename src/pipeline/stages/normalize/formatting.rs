//! Putting parameters into a message's template, as Python or with curly braces.

use serde_json::Value;

use crate::protocol::lenient::Raw;

/// The longest text that formatting may make, in bytes: `%1000000d` is not a reason to make more.
const MAX_BYTES: usize = 4 * 8192;

/// Fills `template` with `params`; `None` if they do not fit each other.
pub(super) fn format_message(template: &str, params: &Raw) -> Option<String> {
    let fill = if template.contains('%') {
        fill_percent
    } else if template.contains('{') {
        fill_curly
    } else {
        return None;
    };
    let params = match params.value() {
        Value::Array(list) => Params { list, ..Params::default() },
        Value::Object(named) => Params { named, ..Params::default() },
        _ => return None,
    };
    let mut text = fill(template, params)?;
    text.truncate(text.floor_char_boundary(MAX_BYTES));
    Some(text)
}

#[derive(Default)]
struct Params {
    list: Vec<Value>,
    named: serde_json::Map<String, Value>,
    next: usize,
}

impl Params {
    fn next(&mut self) -> Option<&Value> {
        self.next += 1;
        self.list.get(self.next - 1)
    }

    /// The parameter of that name or index, or the next one if the name is empty.
    fn get(&mut self, name: &str) -> Option<&Value> {
        if name.is_empty() {
            return self.next();
        }
        match name.parse::<usize>() {
            Ok(index) if !self.list.is_empty() => self.list.get(index),
            _ => self.named.get(name),
        }
    }
}

/// A value as Python prints it.
fn printed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

fn fill_percent(template: &str, mut params: Params) -> Option<String> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('%') {
            text.push('%');
            rest = behind;
            continue;
        }
        let (field, behind) = Field::parse(rest)?;
        let value = match field.name {
            Some(name) => params.named.get(name),
            None => params.next(),
        };
        text.push_str(&field.print(value?)?);
        if text.len() > MAX_BYTES {
            break;
        }
        rest = behind;
    }
    text.push_str(rest);
    Some(text)
}

/// One `%(name)-8.2f`.
struct Field<'a> {
    name: Option<&'a str>,
    is_left: bool,
    is_zero_padded: bool,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

impl<'a> Field<'a> {
    /// Reads what stands behind the `%`; gives back the text behind it too.
    fn parse(text: &'a str) -> Option<(Self, &'a str)> {
        let (name, rest) = match text.strip_prefix('(') {
            Some(named) => named.split_once(')').map(|(name, rest)| (Some(name), rest))?,
            None => (None, text),
        };
        let flags_end = rest.find(|c| !"-+ #0".contains(c))?;
        let (flags, rest) = rest.split_at(flags_end);
        let (width, rest) = split_number(rest);
        let (precision, rest) = match rest.strip_prefix('.') {
            Some(rest) => {
                let (precision, rest) = split_number(rest);
                (Some(precision), rest)
            }
            None => (None, rest),
        };
        let rest = rest.trim_start_matches(['h', 'l', 'L']);
        let conversion = rest.chars().next()?;
        let field = Self {
            name,
            is_left: flags.contains('-'),
            is_zero_padded: flags.contains('0'),
            width: width.min(MAX_BYTES),
            precision,
            conversion,
        };
        Some((field, &rest[conversion.len_utf8()..]))
    }

    fn print(&self, value: &Value) -> Option<String> {
        let text = match self.conversion {
            's' | 'r' | 'a' => {
                let text = printed(value);
                text.chars().take(self.precision.unwrap_or(usize::MAX)).collect()
            }
            'd' | 'i' | 'u' => whole(value)?.to_string(),
            'x' => format!("{:x}", whole(value)?),
            'X' => format!("{:X}", whole(value)?),
            'o' => format!("{:o}", whole(value)?),
            'f' | 'F' => format!("{:.*}", self.precision.unwrap_or(6).min(60), value.as_f64()?),
            'e' | 'E' | 'g' | 'G' => value.as_f64()?.to_string(),
            'c' => printed(value),
            _ => return None,
        };
        Some(self.pad(text))
    }

    fn pad(&self, text: String) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        if missing == 0 {
            return text;
        }
        if self.is_left {
            return text + &" ".repeat(missing);
        }
        let is_number = !matches!(self.conversion, 's' | 'r' | 'a' | 'c');
        if !(self.is_zero_padded && is_number) {
            return " ".repeat(missing) + &text;
        }
        match text.strip_prefix('-') {
            Some(digits) => format!("-{}{digits}", "0".repeat(missing)),
            None => "0".repeat(missing) + &text,
        }
    }
}

fn split_number(text: &str) -> (usize, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].parse().unwrap_or(0), &text[end..])
}

fn whole(value: &Value) -> Option<i128> {
    #[expect(clippy::cast_possible_truncation, reason = "a float cut off, as `%d` does")]
    match value {
        Value::Bool(flag) => Some(i128::from(*flag)),
        Value::Number(number) => number
            .as_i64()
            .map(i128::from)
            .or_else(|| number.as_u64().map(i128::from))
            .or_else(|| number.as_f64().map(|float| float as i128)),
        _ => None,
    }
}

fn fill_curly(template: &str, mut params: Params) -> Option<String> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = behind;
            continue;
        }
        if brace == "}" {
            return None;
        }
        let (field, behind) = rest.split_once('}')?;
        // How wide or precise a value is printed is left to the reader.
        let name = field.split([':', '!']).next().unwrap_or_default();
        text.push_str(&printed(params.get(name)?));
        if text.len() > MAX_BYTES {
            break;
        }
        rest = behind;
    }
    text.push_str(rest);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(template: &str, params: &str) -> Option<String> {
        format_message(template, &Raw::from_text(params).unwrap())
    }

    #[test]
    fn percent_templates_are_filled_as_python_does() {
        for (template, params, text) in [
            ("user %s failed %d times", r#"["bob", 3]"#, "user bob failed 3 times"),
            ("%s %s %s", r#"[null, true, {"a":1}]"#, r#"None True {"a":1}"#),
            ("%(name)s is %(age)d", r#"{"name":"ann","age":41.9}"#, "ann is 41"),
            ("%d%% of %r", r#"[50, "x"]"#, "50% of x"),
            ("[%5d|%-5s|%05d|%.2f|%x]", r#"[7,"ab",-42,2.5,255]"#, "[    7|ab   |-0042|2.50|ff]"),
            ("%.3s %f %ld", r#"["abcdef", 1, 2]"#, "abc 1.000000 2"),
        ] {
            assert_eq!(format(template, params).as_deref(), Some(text), "{template}");
        }
    }

    #[test]
    fn curly_templates_are_filled_by_order_index_and_name() {
        for (template, params, text) in [
            ("user {} failed {} times", r#"["bob", 3]"#, "user bob failed 3 times"),
            ("{1} before {0}", r#"["b", "a"]"#, "a before b"),
            ("{name!r} is {age:>3}", r#"{"name":"ann","age":41}"#, "ann is 41"),
            ("{{}} {}", "[1]", "{} 1"),
            ("order {0}", r#"{"0":"x"}"#, "order x"),
        ] {
            assert_eq!(format(template, params).as_deref(), Some(text), "{template}");
        }
    }

    #[test]
    fn what_does_not_fit_is_left_alone() {
        for (template, params) in [
            ("%s %s", "[1]"),
            ("%d", r#"["x"]"#),
            ("%(name)s", "[1]"),
            ("100%", "[1]"),
            ("%y", "[1]"),
            ("%(open", "{}"),
            ("{} {}", "[1]"),
            ("{name}", "[1]"),
            ("{open", "[1]"),
            ("a } b {}", "[1]"),
            ("plain", "[1]"),
            ("%s", "\"text\""),
        ] {
            assert_eq!(format(template, params), None, "{template}");
        }
    }

    #[test]
    fn formatting_cannot_be_made_to_fill_the_memory() {
        let text = format(&"%99999999d".repeat(50), &format!("[{}1]", "1,".repeat(60))).unwrap();
        assert!(text.len() <= MAX_BYTES);
    }
}
