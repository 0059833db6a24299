//! Finds things in an OpenAPI description: the call of a path, its parameters, the schemas of its bodies.

use std::sync::Arc;

use serde_json::Value;

/// The description and an index of its calls.
pub(super) struct Description {
    document: Arc<Value>,
    operations: Vec<Operation>,
}

/// One call.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    method: String,
    segments: Vec<String>,
    pointer: String,
    path_pointer: String,
}

/// The schema of a request's body.
pub(super) struct RequestSchema {
    pub(super) pointer: String,
    pub(super) required: bool,
}

impl Description {
    pub(super) fn new(document: Arc<Value>) -> Self {
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for method in ["get", "post", "put", "patch", "delete"] {
                if item.get(method).is_some() {
                    operations.push(Operation::new(path, method));
                }
            }
        }
        Self { document, operations }
    }

    pub(super) fn document(&self) -> &Value {
        &self.document
    }

    /// The call that a path belongs to: of several that fit, the one with the fewest placeholders.
    pub(super) fn operation(&self, method: &str, path: &str) -> Option<Operation> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let fitting =
            self.operations.iter().filter(|one| one.method.eq_ignore_ascii_case(method) && one.fits(&segments));
        fitting.min_by_key(|one| one.placeholders()).cloned()
    }

    /// Follows a `$ref` of the description, so that the schema's place is known by its own name.
    fn follow(&self, pointer: String) -> String {
        let target = self.document.pointer(&pointer).and_then(|node| node["$ref"].as_str());
        match target.and_then(|target| target.strip_prefix('#')) {
            Some(target) => self.follow(target.to_owned()),
            None => pointer,
        }
    }

    fn node(&self, pointer: &str) -> &Value {
        self.document.pointer(pointer).unwrap_or(&Value::Null)
    }

    pub(super) fn request_schema(&self, operation: &Operation) -> Option<RequestSchema> {
        let body = self.follow(format!("{}/requestBody", operation.pointer));
        let schema = format!("{body}/content/application~1json/schema");
        self.document.pointer(&schema)?;
        let required = self.node(&body)["required"] == true;
        Some(RequestSchema { pointer: self.follow(schema), required })
    }

    /// `None`: the call has no such status. `Some(None)`: it has, without a body.
    pub(super) fn answer_schema(&self, operation: &Operation, status: u16) -> Option<Option<String>> {
        let answer = format!("{}/responses/{status}", operation.pointer);
        self.document.pointer(&answer)?;
        let schema = format!("{}/content/application~1json/schema", self.follow(answer));
        Some(self.document.pointer(&schema).is_some().then(|| self.follow(schema)))
    }

    /// Query parameters that the call does not have, or whose values do not fit.
    pub(super) fn parameter_faults(&self, operation: &Operation, query: &str) -> Vec<String> {
        let known = self.query_parameters(operation);
        let mut faults = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match known.iter().find(|parameter| parameter["name"] == name) {
                None => faults.push(format!("the description has no query parameter \"{name}\"")),
                Some(parameter) => faults.extend(value_fault(&parameter["schema"], name, value)),
            }
        }
        for parameter in known.iter().filter(|parameter| parameter["required"] == true) {
            let name = parameter["name"].as_str().unwrap_or_default();
            if !query.split('&').any(|pair| pair.split('=').next() == Some(name)) {
                faults.push(format!("the query parameter \"{name}\" is missing"));
            }
        }
        faults
    }

    fn query_parameters(&self, operation: &Operation) -> Vec<&Value> {
        let lists = [&operation.pointer, &operation.path_pointer].map(|of| format!("{of}/parameters"));
        let mut found = Vec::new();
        for list in lists {
            let count = self.node(&list).as_array().map_or(0, Vec::len);
            found.extend((0..count).map(|at| self.follow(format!("{list}/{at}"))));
        }
        let nodes = found.iter().map(|pointer| self.node(pointer));
        nodes.filter(|parameter| parameter["in"] == "query").collect()
    }
}

fn value_fault(schema: &Value, name: &str, value: &str) -> Option<String> {
    if schema["type"] == "integer" && value.parse::<i64>().is_err() {
        return Some(format!("the query parameter \"{name}\" must be a number"));
    }
    let choices = schema["enum"].as_array()?;
    (!choices.iter().any(|choice| choice == value))
        .then(|| format!("the query parameter \"{name}\" cannot be \"{value}\""))
}

impl Operation {
    fn new(path: &str, method: &str) -> Self {
        let path_pointer = format!("/paths/{}", path.replace('~', "~0").replace('/', "~1"));
        Self {
            method: method.to_owned(),
            segments: path.trim_start_matches('/').split('/').map(str::to_owned).collect(),
            pointer: format!("{path_pointer}/{method}"),
            path_pointer,
        }
    }

    fn fits(&self, segments: &[&str]) -> bool {
        let pairs = self.segments.iter().zip(segments);
        self.segments.len() == segments.len()
            && pairs.clone().all(|(own, given)| is_placeholder(own) || own == given)
            // An empty segment is no value for a placeholder: `//` in a path is a bug of the client.
            && pairs.clone().all(|(_, given)| !given.is_empty())
    }

    fn placeholders(&self) -> usize {
        self.segments.iter().filter(|segment| is_placeholder(segment)).count()
    }
}

fn is_placeholder(segment: &str) -> bool {
    segment.starts_with('{')
}
