//! The tree of compartments under a tenancy. The root is the tenancy itself; what a policy says of a compartment holds in
//! everything below it.

use std::collections::HashMap;

/// How many compartments may lie in each other below the root: Oracle's hierarchies are six levels deep.
pub const DEEPEST: usize = 6;

/// A tenancy's compartments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    root: String,
    nodes: HashMap<String, Node>,
}

/// A compartment as its children and its policies see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The compartment it lies in; the root's own is empty.
    pub parent_id: String,
    /// Its name, which no sibling has, whatever the case.
    pub name: String,
}

impl Tree {
    /// The tree of a tenancy from its compartments, in any order. One whose ancestors do not lead to the root is left out
    /// of every path and covered by nothing.
    pub fn new(tenancy_id: &str, tenancy_name: &str, compartments: impl IntoIterator<Item = (String, Node)>) -> Self {
        let mut nodes: HashMap<String, Node> = compartments.into_iter().collect();
        nodes.insert(tenancy_id.to_owned(), Node { parent_id: String::new(), name: tenancy_name.to_owned() });
        Self { root: tenancy_id.to_owned(), nodes }
    }

    /// The tenancy's OCID.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// A compartment.
    pub fn get(&self, id: &str) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// A compartment and all it lies in, the nearest first.
    pub fn upwards<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a str> {
        // As many steps as there may be levels: rows that lead in a circle end the walk.
        let next = |id: &&'a str| self.nodes.get(*id).map(|node| node.parent_id.as_str()).filter(|id| !id.is_empty());
        std::iter::successors(self.nodes.contains_key(id).then_some(id), next).take(DEEPEST + 1)
    }

    /// Whether what holds in `outer` holds in `inner`: it is the same or lies somewhere below.
    pub fn covers(&self, outer: &str, inner: &str) -> bool {
        self.upwards(inner).any(|id| id == outer)
    }

    /// How many steps a compartment is below the root; nothing when it is not in the tree.
    pub fn depth(&self, id: &str) -> Option<usize> {
        self.upwards(id).position(|id| id == self.root)
    }

    /// How many levels there are below a compartment.
    pub fn height(&self, id: &str) -> usize {
        self.nodes.keys().filter_map(|below| self.upwards(below).position(|above| above == id)).max().unwrap_or(0)
    }

    /// The compartment directly in `parent` with a name, whatever its case.
    pub fn child(&self, parent: &str, name: &str) -> Option<&str> {
        let found = self.nodes.iter().find(|(_, node)| node.parent_id == parent && same_name(&node.name, name));
        found.map(|(id, _)| id.as_str())
    }

    /// Where a path leads from the compartment a policy is attached to. Its first name is that of a child, or of the
    /// compartment itself, so that a policy may speak of where it is; the child comes first, as it is less.
    pub fn resolve<'a>(&'a self, attached: &'a str, path: &[String]) -> Option<&'a str> {
        let (first, rest) = path.split_first()?;
        let node = self.nodes.get(attached)?;
        let own = (attached != self.root && same_name(&node.name, first)).then_some(attached);
        let start = self.child(attached, first).or(own)?;
        rest.iter().try_fold(start, |parent, name| self.child(parent, name))
    }
}

/// Whether two names are the same to IAM, which does not regard case.
pub fn same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(parent: &str, name: &str) -> Node {
        Node { parent_id: parent.to_owned(), name: name.to_owned() }
    }

    fn tree() -> Tree {
        Tree::new(
            "t",
            "acme",
            [("a", "t", "A"), ("b", "a", "B"), ("c", "b", "C"), ("x", "t", "X"), ("xb", "x", "B"), ("o", "gone", "O")]
                .map(|(id, parent, name)| (id.to_owned(), node(parent, name))),
        )
    }

    fn path(text: &str) -> Vec<String> {
        text.split(':').map(str::to_owned).collect()
    }

    #[test]
    fn what_holds_above_holds_below_and_not_beside() {
        let tree = tree();
        for (outer, inner) in [("t", "t"), ("t", "c"), ("a", "c"), ("b", "c"), ("c", "c"), ("t", "xb")] {
            assert!(tree.covers(outer, inner), "{outer} {inner}");
        }
        for (outer, inner) in [("c", "b"), ("a", "x"), ("x", "b"), ("a", "t"), ("t", "nothing"), ("t", "o"), ("o", "t")]
        {
            assert!(!tree.covers(outer, inner), "{outer} {inner}");
        }
    }

    #[test]
    fn a_path_begins_below_or_at_the_compartment_of_the_policy() {
        let tree = tree();
        for (attached, text, found) in [
            ("t", "A", Some("a")),
            ("t", "a:b:c", Some("c")),
            ("a", "B:C", Some("c")),
            ("a", "A", Some("a")),
            ("a", "A:B", Some("b")),
            ("c", "C", Some("c")),
            ("t", "acme", None),
            ("t", "C", None),
            ("a", "X", None),
            ("t", "A:C", None),
            ("nothing", "A", None),
        ] {
            assert_eq!(tree.resolve(attached, &path(text)), found, "{attached} {text}");
        }
        assert_eq!(tree.resolve("t", &[]), None);
    }

    #[test]
    fn a_child_with_its_parents_name_is_meant_before_the_parent() {
        let tree =
            Tree::new("t", "acme", [("a", "t", "A"), ("aa", "a", "A")].map(|(id, p, n)| (id.into(), node(p, n))));
        assert_eq!(tree.resolve("a", &path("A")), Some("aa"));
        assert_eq!(tree.resolve("t", &path("A")), Some("a"));
    }

    #[test]
    fn depth_is_counted_from_the_root_and_height_from_the_lowest() {
        let tree = tree();
        assert_eq!([tree.depth("t"), tree.depth("c"), tree.depth("o")], [Some(0), Some(3), None]);
        assert_eq!([tree.height("t"), tree.height("b"), tree.height("c")], [3, 1, 0]);
    }

    #[test]
    fn rows_that_lead_in_a_circle_end_the_walk() {
        let tree = Tree::new("t", "acme", [("a", "b", "A"), ("b", "a", "B")].map(|(id, p, n)| (id.into(), node(p, n))));
        assert!(!tree.covers("t", "a"));
        assert!(tree.upwards("a").count() <= DEEPEST + 1);
    }
}
