//! The modules of a crate and what they name of each other, read from the tokens of their files.
//!
//! Tokens are enough, and see what a parser of items does not: paths inside of macros. What stands under `#[cfg(test)]`
//! does not count, since tests may use what they like.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path to a module, or to something in one, from the root of the crate: `["listing", "row"]`.
pub(super) type Words = Vec<String>;

/// The modules of a crate.
#[derive(Debug, Default)]
pub(super) struct Modules {
    modules: BTreeMap<Words, Module>,
    /// Modules for tests only; what is below them is, too.
    tests: BTreeSet<Words>,
}

/// What a module says of others.
#[derive(Debug, Default)]
struct Module {
    /// The paths in it that begin with `crate`, `self` or `super`, from the root.
    named: BTreeSet<Words>,
    /// Its imports, by what they are called here. Those from other crates are as if these were modules in here: nobody
    /// else is called so.
    imports: BTreeMap<String, Words>,
}

impl Modules {
    /// Adds the file `path`, which is relative to the folder of the crate's `lib.rs` or `main.rs`.
    ///
    /// # Errors
    ///
    /// When `text` is no Rust.
    pub(super) fn add(&mut self, path: &Path, text: &str) -> Result<()> {
        let tokens = text.parse::<TokenStream>().map_err(|error| anyhow!("{error}"))?;
        self.read(&module_of(path), tokens);
        Ok(())
    }

    fn read(&mut self, module: &[String], tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        self.modules.entry(module.to_vec()).or_default();
        let mut at = 0;
        while at < tokens.len() {
            at += self.step(module, &tokens[at..]);
        }
    }

    /// Reads what stands at the beginning of `tokens`, and gives how many of them that were.
    fn step(&mut self, module: &[String], tokens: &[TokenTree]) -> usize {
        if let Some(item) = for_tests(tokens) {
            if let Some(name) = declared(item) {
                self.tests.insert(join(module, &[name]));
            }
            return tokens.len() - item.len() + length(item);
        }
        if is_word(&tokens[0], "mod")
            && let [_, TokenTree::Ident(name), TokenTree::Group(body), ..] = tokens
        {
            self.read(&join(module, &[name.to_string()]), body.stream());
            return 3;
        }
        if is_word(&tokens[0], "use") {
            let end = tokens.iter().position(|token| is_sign(token, ';')).unwrap_or(tokens.len());
            self.import(module, &tokens[1..end]);
            return end;
        }
        let words = path(tokens);
        if let Some(named) = absolute(module, &words).filter(|_| words.len() > 1) {
            self.modules.entry(module.to_vec()).or_default().named.insert(named);
            return 3 * words.len() - 2;
        }
        if let TokenTree::Group(group) = &tokens[0] {
            self.read(module, group.stream());
        }
        1
    }

    /// Reads what stands between `use` and the semicolon.
    fn import(&mut self, module: &[String], tree: &[TokenTree]) {
        let mut leaves = Vec::new();
        flatten(&[], tree, &mut leaves);
        let this = self.modules.entry(module.to_vec()).or_default();
        for (name, words) in leaves {
            let known = absolute(module, &words);
            this.named.extend(known.clone());
            this.imports.insert(name, known.unwrap_or_else(|| join(module, &words)));
        }
    }

    /// Who uses whom: pairs of different modules of this crate.
    pub(super) fn uses(&self) -> BTreeSet<(&Words, &Words)> {
        let mut uses = BTreeSet::new();
        for (module, said) in self.modules.iter().filter(|(module, _)| !self.is_for_tests(module)) {
            for path in said.named.iter().chain(said.imports.values()) {
                let home = self.home(path, 0);
                if home != module && !self.is_for_tests(home) {
                    uses.insert((module, home));
                }
            }
        }
        uses
    }

    /// The module that has what `path` names. Who names an import of another module uses what was imported there.
    fn home(&self, path: &[String], followed: usize) -> &Words {
        let prefixes = (0..=path.len()).rev().map(|length| &path[..length]);
        let mut known = prefixes.filter_map(|words| self.modules.get_key_value(words));
        let (module, said) = known.next().expect("the root is a module");
        let rest = &path[module.len()..];
        let import = rest.first().and_then(|name| said.imports.get(name));
        match import {
            Some(import) if followed < MOST_FOLLOWED => {
                self.home(&join(import, &rest[1..]), followed + 1)
            }
            _ => module,
        }
    }

    fn is_for_tests(&self, module: &[String]) -> bool {
        (1..=module.len()).any(|length| self.tests.contains(&module[..length]))
    }
}

/// Imports may go round in a circle, too.
const MOST_FOLLOWED: usize = 8;

/// The module that a file is.
fn module_of(path: &Path) -> Words {
    let parts = path.with_extension("");
    let mut words: Words = parts.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if words.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        words.pop();
    }
    words
}

fn join(base: &[String], rest: &[String]) -> Words {
    [base, rest].concat()
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn is_sign(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

/// The item after `#[cfg(test)]`, if that is what begins here.
fn for_tests(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    let [sign, TokenTree::Group(attribute), item @ ..] = tokens else { return None };
    let found = is_sign(sign, '#') && attribute.to_string().replace(' ', "") == "[cfg(test)]";
    found.then_some(item)
}

/// The name of the module that an item declares, with whatever stands before `mod`.
fn declared(item: &[TokenTree]) -> Option<String> {
    let item = &item[..length(item)];
    let at = item.iter().position(|token| is_word(token, "mod"))?;
    match item.get(at + 1) {
        Some(TokenTree::Ident(name)) => Some(name.to_string()),
        _ => None,
    }
}

/// How many tokens an item has: up to its semicolon or its body.
fn length(item: &[TokenTree]) -> usize {
    let is_import = item.iter().take(3).any(|token| is_word(token, "use"));
    let is_last = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !is_import,
        _ => is_sign(token, ';'),
    };
    item.iter().position(is_last).map_or(item.len(), |last| last + 1)
}

/// The words of the path that begins here: `a::b::c`.
fn path(tokens: &[TokenTree]) -> Words {
    let mut words = Vec::new();
    let mut rest = tokens;
    while let [TokenTree::Ident(word), after @ ..] = rest {
        words.push(word.to_string());
        match after {
            [first, second, next @ ..] if is_sign(first, ':') && is_sign(second, ':') => {
                rest = next;
            }
            _ => break,
        }
    }
    words
}

/// A path that begins with `crate`, `self` or `super` in `module`, from the root.
fn absolute(module: &[String], words: &[String]) -> Option<Words> {
    let ups = words.iter().take_while(|word| *word == "super").count();
    match words.first()?.as_str() {
        "crate" => Some(words[1..].to_vec()),
        "self" => Some(join(module, &words[1..])),
        "super" => Some(join(module.get(..module.len().checked_sub(ups)?)?, &words[ups..])),
        _ => None,
    }
}

/// What a tree of imports brings in: each under its name, with its path.
fn flatten(before: &[String], tree: &[TokenTree], leaves: &mut Vec<(String, Words)>) {
    for branch in tree.split(|token| is_sign(token, ',')) {
        let mut words = before.to_vec();
        let mut name = None;
        for token in branch {
            match token {
                TokenTree::Ident(word) if word == "as" => name = Some(String::new()),
                TokenTree::Ident(word) if name.is_some() => name = Some(word.to_string()),
                // In braces it is what stands before them.
                TokenTree::Ident(word) if word == "self" && !words.is_empty() => {}
                TokenTree::Ident(word) => words.push(word.to_string()),
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    flatten(&words, &inner, leaves);
                    words.clear();
                }
                _ => {}
            }
        }
        let everything = branch.last().is_some_and(|token| is_sign(token, '*'));
        let last = words.last().cloned().filter(|_| !everything);
        if !words.is_empty() {
            leaves.push((name.or(last).unwrap_or_else(|| "*".to_owned()), words));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(files: &[(&str, &str)]) -> Modules {
        let mut modules = Modules::default();
        for (path, text) in files {
            modules.add(Path::new(path), text).expect("tokens");
        }
        modules
    }

    /// `user → used`, for each.
    fn uses(files: &[(&str, &str)]) -> Vec<String> {
        let modules = modules(files);
        let uses = modules.uses();
        uses.iter()
            .map(|(user, used)| format!("{} → {}", user.join("::"), used.join("::")))
            .collect()
    }

    /// What a module `a::x` with this text uses of these: `a`, `a::y`, `b`, which imports what is in `c`.
    fn used(text: &str) -> String {
        let files = [
            ("lib.rs", ""),
            ("a/mod.rs", "struct A;"),
            ("a/y.rs", ""),
            ("b.rs", "pub use crate::c::{self as sea, Thing}; pub use serde::Value;"),
            ("c.rs", ""),
            ("a/x.rs", text),
        ];
        let uses = uses(&files);
        let of_x = uses.iter().filter_map(|line| line.strip_prefix("a::x → "));
        of_x.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_a_module_uses() {
        let cases = [
            ("", ""),
            ("use crate::b;", "b"),
            ("use super::y::{Y, Z as W};", "a::y"),
            ("use super::A;", "a"),
            ("use super::{y, super::b};", "a::y b"),
            ("use crate::{a::{y::Y, A}, b::{self}};", "a a::y b"),
            ("use super::y::*;", "a::y"),
            ("fn f() -> crate::b::B { super::y::f() }", "a::y b"),
            ("fn f() { println!(\"{}\", crate::b::f()) }", "b"),
            ("mod inner { fn f() { super::super::y::f() } }", ""),
            ("// crate::b\nconst X: &str = \"crate::b\";", ""),
            ("pub(in crate::a) fn f(&self) {}", "a"),
            ("use serde::b;", ""),
            ("use crate::b::Thing;", "c"),
            ("use crate::b::sea::Other;", "c"),
            ("use crate::b::Value;", "b"),
            ("#[cfg(test)] use crate::b;", ""),
            ("#[cfg(test)] mod tests { use crate::b; } use crate::c;", "c"),
            ("#[cfg(test)] fn f() { crate::b::f() }", ""),
            ("#[cfg(unix)] fn f() { crate::b::f() }", "b"),
        ];
        for (text, expected) in cases {
            assert_eq!(used(text), expected, "{text}");
        }
    }

    #[test]
    fn files_of_tests_do_not_count() {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "#[cfg(test)] pub(crate) mod tests;"),
            ("a/tests/mod.rs", "use crate::b;"),
            ("a/tests/more.rs", "use crate::b;"),
            ("b.rs", "use crate::a;"),
        ];
        assert_eq!(uses(&files), ["b → a"]);
    }

    #[test]
    fn a_module_within_a_file_is_one() {
        let text = "mod inner { use crate::b; }";
        assert_eq!(uses(&[("lib.rs", ""), ("a.rs", text), ("b.rs", "")]), ["a::inner → b"]);
    }

    #[test]
    fn what_is_no_rust_is_an_error() {
        assert!(Modules::default().add(Path::new("a.rs"), "fn (").is_err());
    }
}
