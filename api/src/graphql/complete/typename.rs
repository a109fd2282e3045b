//! Conditions on `__typename`.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, InlineFragment, Selection, SelectionSet,
};
use async_graphql::{Pos, Positioned};

/// Moves the directives of each `__typename` to a fragment around it, which means the same. The
/// library never looks at them there: it takes their variables for unused, and answers the field
/// whatever they say.
pub(super) fn wrap(document: &mut ExecutableDocument) {
    match &mut document.operations {
        DocumentOperations::Single(operation) => set(&mut operation.node.selection_set.node),
        DocumentOperations::Multiple(operations) => {
            for operation in operations.values_mut() {
                set(&mut operation.node.selection_set.node);
            }
        }
    }
    for fragment in document.fragments.values_mut() {
        set(&mut fragment.node.selection_set.node);
    }
}

fn set(selections: &mut SelectionSet) {
    for item in &mut selections.items {
        match &mut item.node {
            Selection::Field(field) if field.node.name.node == "__typename" => {
                let directives = std::mem::take(&mut field.node.directives);
                if !directives.is_empty() {
                    let (pos, alone) = (item.pos, item.node.clone());
                    item.node = Selection::InlineFragment(Positioned::new(
                        InlineFragment {
                            type_condition: None,
                            directives,
                            selection_set: only(pos, alone),
                        },
                        pos,
                    ));
                }
            }
            Selection::Field(field) => set(&mut field.node.selection_set.node),
            Selection::InlineFragment(fragment) => set(&mut fragment.node.selection_set.node),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn only(pos: Pos, selection: Selection) -> Positioned<SelectionSet> {
    let items = vec![Positioned::new(selection, pos)];
    Positioned::new(SelectionSet { items }, pos)
}
