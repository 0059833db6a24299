//! The Query protocol's forms: `Tags.member.1.Key=a` read as nested objects and lists, and asked for by type.

use serde_json::{Map, Value, json};

use super::wire::Refusal;

/// Reads a form. Names with dots make objects; what is counted from 1 (in lists of Query below `member`) makes lists.
pub(crate) fn read(body: &[u8]) -> Value {
    let mut fields = Value::Object(Map::new());
    for pair in body.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
        let split = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        let value = form_decode(pair.get(split + 1..).unwrap_or_default());
        put(&mut fields, &form_decode(&pair[..split]), value);
    }
    with_lists(fields)
}

fn put(fields: &mut Value, name: &str, value: String) {
    let mut place = fields;
    for part in name.split('.') {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[part];
    }
    *place = Value::String(value);
}

/// Turns each object whose members are all numbered into a list.
fn with_lists(value: Value) -> Value {
    let Value::Object(mut members) = value else { return value };
    if let (1, Some(inner)) = (members.len(), members.get("member").filter(|inner| inner.is_object())) {
        return with_lists(inner.clone());
    }
    let mut numbered: Vec<(usize, Value)> =
        members.iter().filter_map(|(name, value)| Some((name.parse().ok()?, value.clone()))).collect();
    if numbered.is_empty() || numbered.len() < members.len() {
        members.values_mut().for_each(|value| *value = with_lists(value.take()));
        return Value::Object(members);
    }
    numbered.sort_by_key(|(number, _)| *number);
    numbered.into_iter().map(|(_, value)| with_lists(value)).collect()
}

fn form_decode(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let escaped = tail.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(byte) = escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            rest = &tail[2..];
            continue;
        }
        bytes.push(if *first == b'+' { b' ' } else { *first });
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The members of a form, or of an object in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(pub(crate) &'a Value);

/// What Query services answer to an input that breaks their model.
pub(crate) fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::client("ValidationError", text)
}

impl<'a> Fields<'a> {
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.0[name].as_str().filter(|text| !text.is_empty())
    }

    pub(crate) fn required(&self, name: &str) -> Result<&'a str, Refusal> {
        let missing = || {
            let member = format!("{}{}", name[..1].to_lowercase(), &name[1..]);
            let rule = "failed to satisfy constraint: Member must not be null";
            invalid(format!("1 validation error detected: Value null at '{member}' {rule}"))
        };
        self.text(name).ok_or_else(missing)
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<u32>, Refusal> {
        let not_a_number = |text: &str| Refusal::client("MalformedInput", format!("{name}: '{text}' is not a number"));
        self.text(name).map(|text| text.parse().map_err(|_| not_a_number(text))).transpose()
    }

    pub(crate) fn object(&self, name: &str) -> Option<Self> {
        Some(Self(&self.0[name])).filter(|inner| inner.0.is_object())
    }

    pub(crate) fn list(&self, name: &str) -> Vec<Self> {
        self.0[name].as_array().into_iter().flatten().map(Self).collect()
    }

    pub(crate) fn texts(&self, name: &str) -> Vec<&'a str> {
        self.0[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{form_decode, read};

    #[test]
    fn form_fields_are_decoded_and_stray_percent_signs_kept() {
        assert_eq!(form_decode(b"a+b%2Fc%3d%zz%"), "a b/c=%zz%");
        assert_eq!(form_decode("%C3%A4".as_bytes()), "ä");
    }

    #[test]
    fn lists_of_both_dialects_are_read_in_the_order_of_their_numbers() {
        let form = b"Action=A&Tags.member.2.Key=b&Tags.member.10.Key=c&Tags.member.1.Key=a&Id.1=x&Filter.1.Value.1=v\
                     &Matcher.HttpCode=200";
        let expected = json!({
            "Action": "A",
            "Tags": [{ "Key": "a" }, { "Key": "b" }, { "Key": "c" }],
            "Id": ["x"],
            "Filter": [{ "Value": ["v"] }],
            "Matcher": { "HttpCode": "200" },
        });
        assert_eq!(read(form), expected);
    }
}
