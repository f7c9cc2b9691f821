//! Owns the reading of an OpenRPC document: which methods there are, and what each takes. Never calls one.
//! Invariant: a parameter's value comes of its schema alone, so that what was typed means the same whatever its
//! letters are.

use super::parameter::Given;
use serde_json::Value;
use std::collections::BTreeSet;

/// No schema of ours refers to others more deeply.
const DEPTH_MAX: u32 = 8;
/// No more names than these are proposed for a mistyped one.
const PROPOSED_MAX: usize = 3;

pub struct Methods(Value);

/// A method, and the document that its schemas refer to.
#[derive(Clone, Copy)]
pub struct Described<'a> {
    name: &'a str,
    method: &'a Value,
    document: &'a Value,
}

impl Methods {
    pub fn new(document: Value) -> Methods {
        Methods(document)
    }

    fn all(&self) -> impl Iterator<Item = Described<'_>> {
        let methods = self.0.get("methods").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let described = |method| {
            let name = str_of(method, "name")?;
            Some(Described { name, method, document: &self.0 })
        };
        methods.iter().filter_map(described)
    }

    /// The method of that name, or what to say where there is none.
    pub fn find(&self, name: &str) -> Result<Described<'_>, String> {
        self.all().find(|described| described.name == name).ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> String {
        let noun = name.trim_end_matches('.');
        let of_noun: Vec<String> = self
            .all()
            .filter(|described| noun_of(described.name) == noun)
            .map(|described| {
                let summary = str_of(described.method, "summary").unwrap_or_default();
                format!("  {:<28} {summary}", described.name)
            })
            .collect();
        if !of_noun.is_empty() {
            return format!("the methods of {noun} are:\n{}", of_noun.join("\n"));
        }
        match proposed(name, self.all().map(|described| described.name)) {
            Some(names) => format!("there is no method {name}; did you mean {names}?"),
            None => {
                let nouns: BTreeSet<&str> = self.all().map(|described| noun_of(described.name)).collect();
                let nouns: Vec<&str> = nouns.into_iter().collect();
                let nouns = nouns.join(", ");
                format!(
                    "there is no method {name}; there are methods of {nouns}: `medsrv call NOUN` lists them"
                )
            }
        }
    }
}

impl Described<'_> {
    /// What to send for a parameter.
    pub fn value(&self, name: &str, given: Given<'_>) -> Result<Value, String> {
        let Some(schema) = self.params().find(|(known, _)| *known == name).map(|(_, param)| &param["schema"])
        else {
            let known = self.params().map(|(known, _)| known);
            let meant =
                proposed(name, known).map(|names| format!("; did you mean {names}?")).unwrap_or_default();
            return Err(format!("{} has no parameter {name}{meant}\n{}", self.name, self.signature()));
        };
        let types = types(self.document, schema);
        match given {
            Given::Json(json) => Ok(json),
            Given::Plain(text) => typed(&types, text),
            Given::Secret(text) => typed(&types, &text),
            Given::OnStandardInput => typed(&types, "-"),
        }
        .map_err(|expected| format!("{name} must be {expected}"))
    }

    /// What the method takes, in a line.
    pub fn signature(&self) -> String {
        let params: Vec<String> = self
            .params()
            .map(|(name, param)| {
                let types = worded(&types(self.document, &param["schema"]));
                let needed = if param["required"] == true { "" } else { ", optional" };
                format!("{name} ({types}{needed})")
            })
            .collect();
        match params.is_empty() {
            true => format!("{} takes no parameters", self.name),
            false => format!("{} takes {}", self.name, params.join(", ")),
        }
    }

    fn params(&self) -> impl Iterator<Item = (&str, &Value)> {
        let params = self.method["params"].as_array().map(Vec::as_slice).unwrap_or_default();
        params.iter().filter_map(|param| Some((str_of(param, "name")?, param)))
    }
}

fn str_of<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member).and_then(Value::as_str)
}

/// `patient` of `patient.get`.
fn noun_of(method: &str) -> &str {
    method.split('.').next().unwrap_or(method)
}

/// The names that come close to one that is not there, in words.
fn proposed<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let far = 1 + wrong.chars().count() / 4;
    let distance = |name: &str| {
        // Who leaves the noun out has only the verb right.
        let verb = name.rsplit('.').next().filter(|_| !wrong.contains('.')).unwrap_or(name);
        strsim::osa_distance(wrong, name).min(strsim::osa_distance(wrong, verb))
    };
    let mut close: Vec<(usize, &str)> =
        names.map(|name| (distance(name), name)).filter(|(distance, _)| *distance <= far).collect();
    close.sort_unstable();
    let names: Vec<&str> = close.into_iter().take(PROPOSED_MAX).map(|(_, name)| name).collect();
    (!names.is_empty()).then(|| names.join(" or "))
}

/// The types of JSON that a schema allows; none where it allows any.
fn types<'a>(document: &'a Value, schema: &'a Value) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    collect(document, schema, DEPTH_MAX, &mut found);
    found
}

fn collect<'a>(document: &'a Value, schema: &'a Value, depth: u32, found: &mut BTreeSet<&'a str>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    if let Some(target) = str_of(schema, "$ref").and_then(|path| document.pointer(path.strip_prefix('#')?)) {
        collect(document, target, depth, found);
    }
    match &schema["type"] {
        Value::String(name) => {
            found.insert(name);
        }
        Value::Array(names) => found.extend(names.iter().filter_map(Value::as_str)),
        _ => {}
    }
    for members in ["anyOf", "oneOf", "allOf"] {
        for member in schema[members].as_array().into_iter().flatten() {
            collect(document, member, depth, found);
        }
    }
}

/// Text as it stands where a parameter may be text, and JSON of its types else.
fn typed(types: &BTreeSet<&str>, text: &str) -> Result<Value, String> {
    if types.contains("string") {
        return Ok(Value::from(text));
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) if types.is_empty() || fits(types, &value) => Ok(value),
        // Where anything is allowed, what is no JSON is text.
        Err(_) if types.is_empty() => Ok(Value::from(text)),
        _ => Err(worded(types)),
    }
}

fn fits(types: &BTreeSet<&str>, value: &Value) -> bool {
    let names: &[&str] = match value {
        Value::Null => &["null"],
        Value::Bool(_) => &["boolean"],
        Value::Number(number) if number.is_f64() => &["number"],
        Value::Number(_) => &["integer", "number"],
        Value::String(_) => &["string"],
        Value::Array(_) => &["array"],
        Value::Object(_) => &["object"],
    };
    names.iter().any(|name| types.contains(name))
}

fn worded(types: &BTreeSet<&str>) -> String {
    let word = |name: &&str| match *name {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a JSON array",
        "object" => "a JSON object",
        _ => "null",
    };
    // That an optional one may be null goes without saying.
    let words: Vec<&str> = types.iter().filter(|name| **name != "null").map(word).collect();
    if words.is_empty() { "anything".into() } else { words.join(" or ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn methods() -> Methods {
        let param = |name: &str, required: bool, schema: Value| json!({"name": name, "required": required, "schema": schema});
        Methods::new(json!({
            "methods": [
                {"name": "patient.get", "summary": "Gets one.", "params": [
                    param("patient_id", true, json!({"type": "integer", "minimum": 1})),
                    param("reason", false, json!({"type": ["string", "null"]})),
                ]},
                {"name": "patient.search", "summary": "Finds some.", "params": [
                    param("phone", true, json!({"type": "string"})),
                    param("role", false, json!({"anyOf": [{"$ref": "#/components/schemas/Role"}, {"type": "null"}]})),
                    param("exact", false, json!({"type": ["boolean", "null"]})),
                    param("ids", false, json!({"type": "array"})),
                    param("fee", false, json!({"type": "number"})),
                    param("any", false, json!(true)),
                    param("endless", false, json!({"$ref": "#/components/schemas/Endless"})),
                ]},
                {"name": "rpc.discover", "params": []},
            ],
            "components": {"schemas": {
                "Role": {"oneOf": [{"type": "string", "const": "a"}, {"type": "string", "const": "b"}]},
                "Endless": {"$ref": "#/components/schemas/Endless"},
            }},
        }))
    }

    #[test]
    fn a_value_is_what_its_parameter_is() {
        let methods = methods();
        let described = methods.find("patient.search").unwrap();
        for (name, text, expected) in [
            ("phone", "13800138000", Ok(json!("13800138000"))),
            ("phone", "null", Ok(json!("null"))),
            ("phone", "\"x\"", Ok(json!("\"x\""))),
            ("phone", "", Ok(json!(""))),
            ("role", "7", Ok(json!("7"))),
            ("exact", "true", Ok(json!(true))),
            ("exact", "null", Ok(json!(null))),
            ("exact", "yes", Err("exact must be true or false")),
            ("exact", "1", Err("exact must be true or false")),
            ("ids", "[1,\"2\"]", Ok(json!([1, "2"]))),
            ("ids", "1,2", Err("ids must be a JSON array")),
            ("fee", "1.5", Ok(json!(1.5))),
            ("fee", "2", Ok(json!(2))),
            ("any", "7", Ok(json!(7))),
            ("any", "seven", Ok(json!("seven"))),
            ("endless", "x", Ok(json!("x"))),
        ] {
            let found = described.value(name, Given::Plain(text));
            assert_eq!(found, expected.map_err(str::to_owned), "{name}={text}");
        }
        assert_eq!(described.value("phone", Given::Json(json!(null))), Ok(json!(null)));
        let described = methods.find("patient.get").unwrap();
        let found = described.value("patient_id", Given::Plain("1.5"));
        assert_eq!(found, Err("patient_id must be a whole number".into()));
    }

    #[test]
    fn a_method_that_is_not_there_is_answered_with_what_is() {
        let methods = methods();
        let said = |name| methods.find(name).err().unwrap();
        assert_eq!(said("patient.gte"), "there is no method patient.gte; did you mean patient.get?");
        assert_eq!(said("serach"), "there is no method serach; did you mean patient.search?");
        for noun in ["patient", "patient."] {
            let text = said(noun);
            assert!(text.starts_with("the methods of patient are:\n  patient.get  "), "{text}");
            assert!(text.ends_with(" Finds some."), "{text}");
        }
        assert!(said("everything.else").contains("methods of patient, rpc"), "{}", said("everything.else"));
        assert!(said("").contains("there is no method"), "{}", said(""));
        assert!(Methods::new(json!(null)).find("a").is_err());
    }

    #[test]
    fn a_parameter_that_is_not_there_is_answered_with_those_that_are() {
        let methods = methods();
        let described = methods.find("patient.get").unwrap();
        assert_eq!(
            described.value("patient-id", Given::Plain("1")).unwrap_err(),
            "patient.get has no parameter patient-id; did you mean patient_id?\n\
             patient.get takes patient_id (a whole number), reason (text, optional)"
        );
        let described = methods.find("rpc.discover").unwrap();
        assert_eq!(
            described.value("a", Given::Plain("1")).unwrap_err(),
            "rpc.discover has no parameter a\nrpc.discover takes no parameters"
        );
    }
}
