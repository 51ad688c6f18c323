//! From a recipe to a token, byte for byte the same each time.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::case::{Part, Recipe, Token};
use super::change;
use super::keys::{PrivateKey, PrivateKeys, is_randomized, mac};
use super::text::{Text, from_hex};

/// What tokens of one kind have in common.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    key: String,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

/// What recipes are made of.
#[derive(Clone, Debug)]
pub struct Kitchen {
    /// The keys of `keys/`.
    pub keys: PrivateKeys,
    /// `templates.json`
    pub templates: BTreeMap<String, Template>,
}

impl Kitchen {
    /// Makes the token, and keeps its signature where it would be another one each time.
    pub fn make(&self, token: &mut Token) -> Result<(), String> {
        let Some(recipe) = &mut token.made else { return Ok(()) };
        let template = match &recipe.like {
            None => None,
            Some(name) => Some(self.templates.get(name).ok_or_else(|| format!("no template {name}"))?),
        };
        let header = part(recipe.header.as_ref(), template.map(|template| &template.header))?;
        let claims = part(recipe.claims.as_ref(), template.map(|template| &template.claims))?;
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.signature(recipe, template, &header, signed.as_bytes())?;
        let segments = [encode(&header), encode(&claims), encode(&signature)].map(String::into_bytes);
        token.token = Some(Text::from_bytes(&change::apply(&recipe.then, segments)?));
        Ok(())
    }

    /// Every template as a token.
    pub fn plain(&self) -> Result<BTreeMap<String, Text>, String> {
        let made = self.templates.keys().map(|name| {
            let recipe = Recipe { like: Some(name.clone()), ..Recipe::default() };
            let mut token = Token { made: Some(recipe), token: None };
            self.make(&mut token)?;
            Ok((name.clone(), token.token.unwrap_or_default()))
        });
        made.collect()
    }

    fn signature(
        &self,
        recipe: &mut Recipe,
        template: Option<&Template>,
        header: &[u8],
        signed: &[u8],
    ) -> Result<Vec<u8>, String> {
        let named = named_algorithm(header);
        if let Some(fixed) = &recipe.fixed {
            recipe.kept = None;
            return from_hex(&fixed.hex).ok_or_else(|| "fixed is not hexadecimal".into());
        }
        if let Some(secret) = &recipe.secret {
            recipe.kept = None;
            let algorithm = recipe.algorithm.as_deref().or(named.as_deref()).unwrap_or("HS256");
            return mac(algorithm, &secret.bytes()?, signed);
        }
        let key = recipe.key.as_deref().or(template.map(|template| template.key.as_str()));
        let Some(key) = key else {
            recipe.kept = None;
            return Ok(Vec::new());
        };
        let key = self.keys.get(key).ok_or_else(|| format!("no key {key}"))?;
        let algorithm = match &recipe.algorithm {
            Some(algorithm) => algorithm.clone(),
            None => named.filter(|named| key.fits(named)).unwrap_or_else(|| key.algorithm().to_owned()),
        };
        if !is_randomized(&algorithm) {
            recipe.kept = None;
            return key.sign(&algorithm, signed);
        }
        let signature = match kept(recipe, key, &algorithm, signed) {
            Some(signature) => signature,
            None => key.sign(&algorithm, signed)?,
        };
        recipe.kept = Some(encode(&signature));
        Ok(signature)
    }
}

fn kept(recipe: &Recipe, key: &PrivateKey, algorithm: &str, signed: &[u8]) -> Option<Vec<u8>> {
    let signature = URL_SAFE_NO_PAD.decode(recipe.kept.as_ref()?).ok()?;
    key.has_signed(algorithm, signed, &signature).then_some(signature)
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn named_algorithm(header: &[u8]) -> Option<String> {
    let header: Map<String, Value> = serde_json::from_slice(header).ok()?;
    Some(header.get("alg")?.as_str()?.to_owned())
}

/// JSON text from the template's members and the recipe's.
fn part(part: Option<&Part>, template: Option<&Map<String, Value>>) -> Result<Vec<u8>, String> {
    let empty = Part::default();
    let part = part.unwrap_or(&empty);
    let mut bytes = match &part.text {
        Some(text) => text.bytes()?,
        None => {
            let mut members = template.cloned().unwrap_or_default();
            for name in &part.remove {
                members.remove(name).ok_or_else(|| format!("there is no {name} to remove"))?;
            }
            members.extend(part.set.clone());
            Value::Object(members).to_string().into_bytes()
        }
    };
    for (from, to) in &part.replace {
        bytes = change::replace_once(&bytes, from.as_bytes(), &to.bytes()?)?;
    }
    Ok(bytes)
}
