//! The APIs as text, for front ends to generate code from. Nothing is asked of a database.

use async_graphql::SDLExportOptions;

use super::{shared, tenant};

/// The directives of the specification itself, which every tool knows and which it wants left out.
const BUILT_IN: [&str; 5] = ["deprecated", "include", "oneOf", "skip", "specifiedBy"];

/// The tenants' API in the schema definition language.
pub fn tenant_sdl() -> String {
    without_built_in(&tenant::schema().finish().sdl_with_options(options()))
}

/// The operators' API in the schema definition language.
pub fn shared_sdl() -> String {
    without_built_in(&shared::schema().finish().sdl_with_options(options()))
}

fn options() -> SDLExportOptions {
    // Fields and arguments stay in the order of the code, which is the order in which they read well.
    SDLExportOptions::new()
        .include_specified_by()
        .use_space_ident()
        .indent_width(2)
}

/// The library prints them with their descriptions, each on lines of its own.
fn without_built_in(sdl: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in sdl.lines() {
        let name = line.strip_prefix("directive @");
        let name = name.and_then(|rest| rest.split(['(', ' ']).next());
        if !name.is_some_and(|name| BUILT_IN.contains(&name)) {
            lines.push(line);
        } else if lines.pop_if(|end| *end == "\"\"\"").is_some() {
            while lines.pop_if(|text| *text != "\"\"\"").is_some() {}
            lines.pop();
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_specifications_own_directives_are_left_out() {
        let description = "\"\"\"\nTwo\nlines.\n\"\"\"";
        let sdl = format!(
            "type Query {{\n}}\n{description}\ndirective @skip(if: Boolean!) on FIELD\ndirective @oneOf on INPUT_OBJECT\n{description}\ndirective @ours on FIELD\n"
        );
        let kept = format!("type Query {{\n}}\n{description}\ndirective @ours on FIELD\n");
        assert_eq!(without_built_in(&sdl), kept);
    }
}
