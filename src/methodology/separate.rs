//! Which inputs act on one another: groups whose shares of ER only add up.
//!
//! Inputs of different groups never meet in a product, quotient, power, min, max or condition, so the
//! lowest ER is found group by group. A year of days that were each in doubt is so many small searches
//! and not one over every combination.

use std::rc::Rc;

use super::tape::{Operation, Tape};

/// The inputs in `free`, in groups; groups and their inputs in the order of `free`.
pub(super) fn separate(tape: &Tape, free: &[usize]) -> Vec<Vec<usize>> {
    if free.len() < 2 {
        return free.iter().map(|&input| vec![input]).collect();
    }
    let mut groups = Groups { parent: (0..free.len()).collect() };
    let nothing: Rc<[usize]> = Rc::from([]);
    // By operation: the free inputs it depends on, by their places in `free`.
    let mut on: Vec<Rc<[usize]>> = Vec::with_capacity(tape.operations.len());
    for operation in &tape.operations {
        let depends = match operation {
            Operation::Input(input) => match free.binary_search(input) {
                Ok(at) => Rc::from([at]),
                Err(_) => nothing.clone(),
            },
            Operation::Constant(_) | Operation::Power(_, 0) => nothing.clone(),
            Operation::Negate(of) | Operation::Power(of, 1) => on[*of].clone(),
            Operation::Add(left, right) => union(&on[*left], &on[*right]),
            Operation::Multiply(left, right) if on[*left].is_empty() => on[*right].clone(),
            Operation::Multiply(left, right) if on[*right].is_empty() => on[*left].clone(),
            Operation::Divide(left, right) if on[*right].is_empty() => on[*left].clone(),
            Operation::Multiply(left, right) | Operation::Divide(left, right) => {
                groups.join(union(&on[*left], &on[*right]))
            }
            Operation::Power(of, _) | Operation::Exp(of) => groups.join(on[*of].clone()),
            Operation::Extreme(_, arguments) => groups.join(all(&on, arguments.iter().copied())),
            Operation::Case(cases) => {
                let tests = cases.cases.iter().flat_map(|(tests, _)| tests);
                let tested = tests.flat_map(|test| [test.left, test.right]);
                let values = cases.cases.iter().map(|(_, value)| *value).chain(cases.otherwise);
                groups.join(all(&on, tested.chain(values)))
            }
        };
        on.push(depends);
    }
    let mut found: Vec<(usize, Vec<usize>)> = Vec::new();
    for (at, &input) in free.iter().enumerate() {
        let root = groups.root(at);
        match found.iter_mut().find(|(known, _)| *known == root) {
            Some((_, group)) => group.push(input),
            None => found.push((root, vec![input])),
        }
    }
    found.into_iter().map(|(_, group)| group).collect()
}

fn all(on: &[Rc<[usize]>], operations: impl Iterator<Item = usize>) -> Rc<[usize]> {
    operations.fold(Rc::from([]), |all, operation| union(&all, &on[operation]))
}

/// Both sets, which are sorted, as one.
fn union(left: &Rc<[usize]>, right: &Rc<[usize]>) -> Rc<[usize]> {
    if right.is_empty() || Rc::ptr_eq(left, right) {
        return left.clone();
    }
    if left.is_empty() {
        return right.clone();
    }
    let mut both: Vec<usize> = left.iter().chain(right.iter()).copied().collect();
    both.sort_unstable();
    both.dedup();
    Rc::from(both)
}

struct Groups {
    parent: Vec<usize>,
}

impl Groups {
    fn root(&self, mut at: usize) -> usize {
        while self.parent[at] != at {
            at = self.parent[at];
        }
        at
    }

    /// Puts these into one group, under the first of them.
    fn join(&mut self, members: Rc<[usize]>) -> Rc<[usize]> {
        if let Some((first, others)) = members.split_first() {
            for other in others {
                let (a, b) = (self.root(*first), self.root(*other));
                self.parent[a.max(b)] = a.min(b);
            }
        }
        members
    }
}
