//! The same operations under criterion, with their spread: `cargo bench --bench verify -- HS256`.

use std::time::Duration;

use counterseal::{Algorithm, Format, Guard, KeySet, Policy};
use counterseal_benches::measure::Cycle;
use counterseal_benches::sample::{KID, Sample};
use counterseal_benches::signer::Signer;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;

/// Tokens that take turns.
const TOKENS: usize = 64;

fn uncached(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("uncached");
    for algorithm in [
        Algorithm::HS256,
        Algorithm::RS256,
        Algorithm::PS256,
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::Ed25519,
    ] {
        let sample = Sample::new(algorithm);
        let (guard, mut turns) = (sample.guard(0), Cycle::new(sample.tokens(TOKENS)));
        group.bench_function(algorithm.name(), |bencher| {
            bencher.iter(|| guard.verify(turns.next()).unwrap());
        });
    }
    group.finish();
}

fn cached(criterion: &mut Criterion) {
    let sample = Sample::new(Algorithm::HS256);
    let (guard, mut turns) = (sample.guard(4096), Cycle::new(sample.tokens(TOKENS)));
    criterion.bench_function("cached", |bencher| bencher.iter(|| guard.verify(turns.next()).unwrap()));
}

fn rejected(criterion: &mut Criterion) {
    let sample = Sample::new(Algorithm::HS256);
    let guard = sample.guard(4096);
    let good = sample.token(0);
    let mut group = criterion.benchmark_group("rejected");
    for (name, token) in [
        ("oversized", "a".repeat(20_000)),
        ("no dots", good.replace('.', "x")),
        ("padding", format!("{good}=")),
        ("unknown issuer", sample.token_with(&[("iss", json!("https://elsewhere.example.com"))])),
    ] {
        group.bench_function(name, |bencher| bencher.iter(|| guard.verify(&token).unwrap_err()));
    }
    group.finish();
}

fn explain(criterion: &mut Criterion) {
    let sample = Sample::new(Algorithm::HS256);
    let (guard, token) = (sample.guard(0), sample.token(0));
    criterion.bench_function("explain", |bencher| bencher.iter(|| guard.explain(&token).unwrap()));
}

fn load(criterion: &mut Criterion) {
    let policy = Sample::new(Algorithm::RS256).policy_json(4096);
    criterion.bench_function("load/policy with one RSA key", |bencher| {
        bencher.iter(|| Guard::new(Policy::from_str(&policy, Format::Json, None, None).unwrap()));
    });

    use counterseal::core::keyset::{KeySetOptions, Origin};
    use counterseal::crypto::aws_lc;
    let keys: Vec<_> = (0..10)
        .filter_map(|number| {
            let signer = Signer::new(Algorithm::ES256);
            signer.public.jwk(&format!("{KID}-{number}"), Algorithm::ES256)
        })
        .collect();
    let jwks = json!({"keys": keys}).to_string();
    let options = KeySetOptions {
        algorithms: [Algorithm::ES256].into_iter().collect(),
        provider: aws_lc(),
        origin: Origin::Static,
    };
    criterion.bench_function("load/JWK Set with ten P-256 keys", |bencher| {
        bencher.iter(|| KeySet::from_jwks(jwks.as_bytes(), &options).unwrap());
    });
}

fn quick() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
}

criterion_group! {
    name = benches;
    config = quick();
    targets = uncached, cached, rejected, explain, load
}
criterion_main!(benches);
