//! The grammar: `a b OR (c AND !d:e)`.

use super::scanner::Scanner;
use super::{
    Comparison, Expression, Filter, Key, MAX_CHARS, MAX_DEPTH, MAX_FILTERS, QueryError, Result,
};

/// Reads a query. The empty text is the query that everything matches.
///
/// # Errors
/// When parentheses, brackets or quotes are not closed, a value is missing, or a bound is passed.
pub fn parse(text: &str) -> Result<Expression> {
    if text.chars().count() > MAX_CHARS {
        return fail(format!("the query is longer than {MAX_CHARS} characters"));
    }
    if text.contains('\0') {
        return fail("the query contains a zero character, which no stored text has");
    }
    let mut parser = Parser { scanner: Scanner::new(text), filters: 0 };
    parser.scanner.skip_whitespace();
    if parser.scanner.is_at_end() {
        return Ok(Expression::All(Vec::new()));
    }
    let expression = parser.alternatives(0)?;
    match parser.scanner.peek() {
        None => Ok(expression),
        Some(_) => fail("a parenthesis `)` is not opened"),
    }
}

fn fail<T>(problem: impl Into<String>) -> Result<T> {
    Err(QueryError(problem.into()))
}

struct Parser<'q> {
    scanner: Scanner<'q>,
    filters: usize,
}

impl Parser<'_> {
    /// `a OR b OR c`
    fn alternatives(&mut self, depth: usize) -> Result<Expression> {
        let mut parts = vec![self.conjunction(depth)?];
        while self.scanner.eat_keyword("OR") {
            parts.push(self.conjunction(depth)?);
        }
        Ok(single_or(parts, Expression::Any))
    }

    /// `a b AND c`; ends before `OR`, `)` and the end.
    fn conjunction(&mut self, depth: usize) -> Result<Expression> {
        let mut parts = Vec::new();
        loop {
            self.scanner.skip_whitespace();
            if self.scanner.is_at_gap() || self.scanner.is_at_keyword() {
                return fail("`AND`, `OR` and parentheses need a filter or words on both sides");
            }
            push_joining_text(&mut parts, self.unit(depth)?);
            self.scanner.skip_whitespace();
            let has_and = self.scanner.eat_keyword("AND");
            if has_and {
                // Words on both sides of a written `AND` are two texts.
                parts.push(Expression::All(Vec::new()));
                continue;
            }
            let mut ahead = self.scanner.clone();
            if self.scanner.is_at_gap() || ahead.eat_keyword("OR") {
                break;
            }
        }
        parts.retain(|part| *part != Expression::All(Vec::new()));
        Ok(single_or(parts, Expression::All))
    }

    fn unit(&mut self, depth: usize) -> Result<Expression> {
        self.filters += 1;
        if self.filters > MAX_FILTERS {
            return fail(format!("the query has more than {MAX_FILTERS} parts"));
        }
        if !self.scanner.eat("(") {
            return self.filter_or_text();
        }
        if depth == MAX_DEPTH {
            return fail(format!("parentheses nest deeper than {MAX_DEPTH}"));
        }
        let inside = self.alternatives(depth + 1)?;
        if self.scanner.eat(")") { Ok(inside) } else { fail("a parenthesis `(` is not closed") }
    }

    fn filter_or_text(&mut self) -> Result<Expression> {
        let start = self.scanner.clone();
        let is_negated = self.scanner.eat("!");
        if let Some(key) = self.key()? {
            return self.filter(is_negated, key).map(Expression::Filter);
        }
        self.scanner = start;
        if self.scanner.peek() == Some('"') {
            return self.scanner.take_quoted().map(Expression::Text);
        }
        Ok(Expression::Text(self.scanner.take_word().to_owned()))
    }

    /// A key with its colon; `None` if what comes next is no key.
    fn key(&mut self) -> Result<Option<Key>> {
        let key = if self.scanner.peek() == Some('"') {
            Key::Name(self.scanner.take_quoted()?)
        } else if self.scanner.eat("tags[") {
            Key::Tag(self.bracketed()?)
        } else if self.scanner.eat("flags[") {
            Key::Flag(self.bracketed()?)
        } else {
            Key::Name(self.scanner.take_while(is_key_char).to_owned())
        };
        let is_key = !key.name().is_empty() && self.scanner.eat(":");
        Ok(is_key.then_some(key))
    }

    /// The name in `tags[name]` or `tags["name",string]`; the opening bracket is behind us.
    fn bracketed(&mut self) -> Result<String> {
        let name = if self.scanner.peek() == Some('"') {
            self.scanner.take_quoted()?
        } else {
            self.scanner.take_while(|c| !matches!(c, ',' | ']')).trim().to_owned()
        };
        if self.scanner.eat(",") {
            let kind = self.scanner.take_while(|c| c != ']').trim();
            if kind != "string" {
                return fail(format!("tags are compared as text; `{kind}` is not supported"));
            }
        }
        if self.scanner.eat("]") { Ok(name) } else { fail("a bracket `[` is not closed") }
    }

    fn filter(&mut self, is_negated: bool, key: Key) -> Result<Filter> {
        let comparison = self.comparison();
        let values = if comparison.is_none() && self.scanner.eat("[") {
            self.list(&key)?
        } else {
            vec![self.value(&key)?]
        };
        Ok(Filter { is_negated, key, comparison, values })
    }

    fn comparison(&mut self) -> Option<Comparison> {
        Comparison::ALL.into_iter().find(|sign| self.scanner.eat(sign.as_str()))
    }

    fn value(&mut self, key: &Key) -> Result<String> {
        if self.scanner.peek() == Some('"') {
            return self.scanner.take_quoted();
        }
        match self.scanner.take_word() {
            "" => fail(format!(
                "`{}:` has no value; write `{}:\"\"` for an empty one, or put the text in quotes",
                key.name(),
                key.name()
            )),
            word => Ok(word.to_owned()),
        }
    }

    /// The members of a list; the opening bracket is behind us.
    fn list(&mut self, key: &Key) -> Result<Vec<String>> {
        let mut values = Vec::new();
        loop {
            self.scanner.skip_whitespace();
            let value = if self.scanner.peek() == Some('"') {
                self.scanner.take_quoted()?
            } else {
                let is_inside = |c: char| !c.is_whitespace() && !matches!(c, ',' | ']');
                self.scanner.take_while(is_inside).to_owned()
            };
            values.push(value);
            self.scanner.skip_whitespace();
            if self.scanner.eat("]") {
                break;
            }
            if !self.scanner.eat(",") {
                return fail(format!("the list of `{}` is not closed", key.name()));
            }
        }
        if values.len() > MAX_FILTERS {
            return fail(format!(
                "the list of `{}` has more than {MAX_FILTERS} values",
                key.name()
            ));
        }
        if values.iter().any(String::is_empty) {
            return fail(format!("the list of `{}` has an empty value", key.name()));
        }
        Ok(values)
    }
}

fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// Consecutive words are one text: `connection refused` looks for both, side by side.
fn push_joining_text(parts: &mut Vec<Expression>, part: Expression) {
    match (parts.last_mut(), part) {
        (Some(Expression::Text(text)), Expression::Text(more)) => {
            text.push(' ');
            text.push_str(&more);
        }
        (_, part) => parts.push(part),
    }
}

fn single_or(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    if parts.len() == 1 { parts.remove(0) } else { join(parts) }
}
