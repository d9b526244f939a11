//! Links in the Markdown files lead somewhere: to a file of this repository, and to a heading where they name one.
//! Addresses on the network are not asked.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::Path,
};

use anyhow::{Context as _, Result, bail, ensure};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::workspace::{files, root};

/// Checks every Markdown file of this checkout and lists every link that leads nowhere.
///
/// # Errors
///
/// When there is one, when there is no link at all, or a file cannot be read.
pub(crate) fn check() -> Result<()> {
    let (mut seen, mut broken) = (0, Vec::new());
    for file in files("", "md")? {
        let text = fs::read_to_string(root().join(&file)).with_context(|| file.clone())?;
        for (line, link) in links(&text) {
            seen += 1;
            let wrong = fault(root(), &file, &link)?;
            broken.extend(wrong.map(|wrong| format!("{file}:{line}: {link}: {wrong}")));
        }
    }
    ensure!(seen > 0, "no Markdown file has a link: were they looked for in the right place?");
    if !broken.is_empty() {
        bail!("links that lead nowhere:\n  {}", broken.join("\n  "));
    }
    println!("{seen} links");
    Ok(())
}

/// The links and images of a Markdown text that do not name a scheme, such as `https:`, each with its line.
fn links(text: &str) -> Vec<(usize, String)> {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter();
    let links = events.filter_map(|(event, range)| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            Some((text[..range.start].matches('\n').count() + 1, dest_url.into_string()))
        }
        _ => None,
    });
    links.filter(|(_, link)| !has_scheme(link)).collect()
}

/// As RFC 3986, 3.1 has it.
fn has_scheme(link: &str) -> bool {
    let scheme = link.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// What is wrong with `link` in `file`, a path below `root`.
fn fault(root: &Path, file: &str, link: &str) -> Result<Option<String>> {
    let (path, anchor) =
        link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let from = root.join(file);
    let target = match path {
        "" => from,
        path => from.parent().unwrap_or(root).join(path),
    };
    let Ok(target) = target.canonicalize() else { return Ok(Some("no such file".to_owned())) };
    if !target.starts_with(root.canonicalize()?) {
        return Ok(Some("leads out of the repository".to_owned()));
    }
    let is_markdown = target.extension().is_some_and(|ending| ending == "md");
    let Some(anchor) = anchor.filter(|_| is_markdown) else { return Ok(None) };
    let text = fs::read_to_string(&target)?;
    Ok((!anchors(&text).contains(anchor)).then(|| format!("no heading makes #{anchor}")))
}

/// The anchors that GitHub gives the headings of a Markdown text.
fn anchors(text: &str) -> BTreeSet<String> {
    let (mut heading, mut seen) = (None::<String>, HashMap::new());
    let mut anchors = BTreeSet::new();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let slug = slug(&heading.take().unwrap_or_default());
                let earlier = seen.entry(slug.clone()).and_modify(|count| *count += 1).or_insert(0);
                anchors.insert(match earlier {
                    0 => slug,
                    again => format!("{slug}-{again}"),
                });
            }
            Event::Text(part) | Event::Code(part) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&part);
                }
            }
            _ => {}
        }
    }
    anchors
}

/// Lower case, blanks as hyphens, and of all other signs only `-` and `_`.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_of_our_own_with_their_lines() {
        let text = "# A\n[a](b.md) and <https://x.test>\n\n| x |\n|---|\n| [c][r] |\n\n\
                    ```\n[no](code.md)\n```\n`[no](code.md)` [m](mailto:x@y.test) ![i](p:q/i.png)\n\n[r]: d.md#e\n";
        let expected = [(2, "b.md"), (6, "d.md#e")].map(|(line, link)| (line, link.to_owned()));
        assert_eq!(links(text), expected);
    }

    #[test]
    fn anchors_as_github_makes_them() {
        let text = "# The `check` verb, once: done?\n## Größe_2\n## Same\n## Same\n\n```\n# no heading\n```\n";
        let expected = ["größe_2", "same", "same-1", "the-check-verb-once-done"];
        assert_eq!(anchors(text).into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_wrong_with_a_link() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let root = folder.path().join("repository");
        fs::create_dir_all(root.join("docs"))?;
        fs::write(root.join("README.md"), "# Top\n")?;
        fs::write(root.join("docs/a.md"), "# One\n")?;
        fs::write(folder.path().join("outside.md"), "")?;
        let cases = [
            ("README.md", "docs/a.md", None),
            ("README.md", "docs", None),
            ("README.md", "docs/a.md#one", None),
            ("README.md", "#top", None),
            ("docs/a.md", "../README.md#top", None),
            ("docs/a.md", "README.md", Some("no such file")),
            ("README.md", "docs/a.md#two", Some("no heading makes #two")),
            ("README.md", "#one", Some("no heading makes #one")),
            ("docs/a.md", "../../outside.md", Some("leads out of the repository")),
            ("README.md", "/etc", Some("leads out of the repository")),
        ];
        for (file, link, expected) in cases {
            assert_eq!(fault(&root, file, link)?.as_deref(), expected, "{link} in {file}");
        }
        Ok(())
    }
}
