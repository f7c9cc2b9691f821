//! The members of a method's parameters, whichever way they came, each with its name.
//!
//! It never knows what a member may hold. Invariant: what a member holds stays as it was sent.

use super::super::problem::Problem;
use serde::de::value::Error;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// No method has so many parameters.
const MEMBERS_MAX: usize = 64;

pub struct Members<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Members<'a> {
    /// None where the parameters are neither a list nor an object of a few members, each of which comes once.
    pub fn of(text: &'a str, names: &[&'a str]) -> Result<Option<Members<'a>>, Problem> {
        if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(text) {
            if list.len() > names.len() {
                return Err(Problem::invalid("params", too_many(names)));
            }
            let values = list.into_iter().map(RawValue::get);
            return Ok(Some(Members(names.iter().map(|name| Cow::Borrowed(*name)).zip(values).collect())));
        }
        Ok(serde_json::from_str(text).ok())
    }

    pub fn is_null(&self, name: &str) -> bool {
        self.0.iter().any(|(own, value)| own == name && *value == "null")
    }

    /// As an object. Of those that are known, what is null is left out, but for `kept`.
    pub fn without_nulls(&self, known: &[&str], kept: Option<&str>) -> String {
        let mut object = String::from("{");
        for (name, value) in &self.0 {
            if *value == "null" && known.contains(&name.as_ref()) && kept != Some(name.as_ref()) {
                continue;
            }
            let separator = if object.len() > 1 { "," } else { "" };
            object += &format!("{separator}{}:{value}", serde_json::Value::from(name.as_ref()));
        }
        object + "}"
    }
}

fn too_many(names: &[&str]) -> String {
    match names {
        [] => "must be empty: there are no parameters".into(),
        names => {
            format!("must be no more than {} by position: `{}`", names.len(), names.join("`, `"))
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    let is_twice = members.iter().any(|(own, _)| *own == name);
                    if is_twice || members.len() == MEMBERS_MAX {
                        return Err(A::Error::custom("has more members than parameters have"));
                    }
                    members.push((Cow::Owned(name), map.next_value::<&RawValue>()?.get()));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Each)
    }
}

/// The names of a type's members, in their order, as it asks for them.
pub fn names<P: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    struct Names<'a>(&'a mut &'static [&'static str]);

    impl<'de> Deserializer<'de> for Names<'_> {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(Error::custom("there is nothing to read"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Error> {
            *self.0 = fields;
            self.deserialize_any(visitor)
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    let mut names: &[&str] = &[];
    let _ = P::deserialize(Names(&mut names));
    names
}
