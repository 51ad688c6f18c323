//! The model: the issuer's side, the clock, and what the guard was told.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;

/// Keys that there are; the last of them is never published.
pub const KEYS: usize = 6;
pub const STRANGER: usize = KEYS - 1;

pub const TTL_MIN: i64 = 60;
pub const TTL_MAX: i64 = 1_800;
pub const TTL: i64 = 600;
pub const COOLDOWN: i64 = 30;
pub const STALE: i64 = 3_600;
pub const BURST: i64 = 3;

/// What happens.
#[derive(Clone, Debug)]
pub enum Step {
    /// Seconds go by.
    Advance(i64),
    /// The issuer publishes these keys from now on.
    Publish(BTreeSet<usize>),
    /// The key server answers so from now on.
    Serve(Answer),
    /// Every fetch that is due begins.
    Begin,
    /// The fetch that is under way ends, with what the server answers now.
    End,
    /// A token of this key comes.
    Token(usize),
    /// Tokens with so many kids come that nobody has heard of.
    Flood(usize),
    /// The same, and so many times whatever is due begins and ends at once.
    Hammer(usize),
    /// The process forks, and this is the child: whatever was under way is the parent's.
    Fork,
    /// The same policy is loaded again.
    Reload,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The keys, fresh for so many seconds where it says so.
    Keys(Option<i64>),
    Outage,
    Garbage,
    Empty,
}

/// What is known without looking into the guard.
#[derive(Clone, Debug)]
pub struct Model {
    /// Seconds since the beginning.
    pub now: i64,
    pub published: BTreeSet<usize>,
    pub answer: Answer,
    /// The last good refresh: when, until when it is fresh, and what it brought.
    pub good: Option<Good>,
    /// Tokens of keys that were not decided, and when they came last.
    pub asked: [Option<i64>; KEYS],
}

#[derive(Clone, Debug)]
pub struct Good {
    pub at: i64,
    pub fresh_until: i64,
    pub keys: BTreeSet<usize>,
}

impl Model {
    /// Keys by which tokens have to be verified now.
    pub fn usable(&self) -> Option<&BTreeSet<usize>> {
        let good = self.good.as_ref()?;
        (self.now < good.fresh_until + STALE).then_some(&good.keys)
    }

    /// A good answer ends a fetch now.
    pub fn refresh(&mut self) {
        if let Answer::Keys(max_age) = self.answer {
            let fresh = max_age.unwrap_or(TTL).clamp(TTL_MIN, TTL_MAX);
            self.good =
                Some(Good { at: self.now, fresh_until: self.now + fresh, keys: self.published.clone() });
        }
    }
}

impl ReferenceStateMachine for Model {
    type State = Model;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Model> {
        let published = keys();
        published
            .prop_map(|published| Model {
                now: 0,
                published,
                answer: Answer::Keys(None),
                good: None,
                asked: [None; KEYS],
            })
            .boxed()
    }

    fn transitions(_: &Model) -> BoxedStrategy<Step> {
        let short = prop_oneof![Just(1i64), 2..40i64, Just(29), Just(30), Just(31)];
        let long = prop_oneof![40..700i64, Just(449), Just(450), Just(480), Just(600), 700..6_000i64];
        let answer = prop_oneof![
            4 => prop_oneof![Just(None), Just(Some(0)), (0..100_000i64).prop_map(Some)].prop_map(Answer::Keys),
            2 => Just(Answer::Outage),
            1 => Just(Answer::Garbage),
            1 => Just(Answer::Empty),
        ];
        prop_oneof![
            4 => short.prop_map(Step::Advance),
            3 => long.prop_map(Step::Advance),
            2 => keys().prop_map(Step::Publish),
            2 => answer.prop_map(Step::Serve),
            6 => Just(Step::Begin),
            6 => Just(Step::End),
            12 => (0..KEYS).prop_map(Step::Token),
            1 => (1..200usize).prop_map(Step::Flood),
            1 => (1..20usize).prop_map(Step::Hammer),
            1 => Just(Step::Fork),
            1 => Just(Step::Reload),
        ]
        .boxed()
    }

    /// The rest of the model moves with what the guard did: see [`super::system`].
    fn apply(mut model: Model, step: &Step) -> Model {
        match step {
            Step::Advance(seconds) => model.now += seconds,
            Step::Publish(keys) => model.published = keys.clone(),
            Step::Serve(answer) => model.answer = answer.clone(),
            _ => {}
        }
        model
    }
}

/// Some of the keys that may be published, at least one.
fn keys() -> impl Strategy<Value = BTreeSet<usize>> {
    proptest::collection::btree_set(0..STRANGER, 1..STRANGER)
}
