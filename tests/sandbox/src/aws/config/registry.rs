//! The images and the projects that build them, at the start.

/// A repository of images.
#[derive(Clone, Debug)]
pub struct RepositoryConfig {
    /// Its name.
    pub name: String,
    /// Its images.
    pub images: Vec<ImageConfig>,
}

/// An image of a repository.
#[derive(Clone, Debug)]
pub struct ImageConfig {
    /// Its tags.
    pub tags: Vec<String>,
    /// The name of [`super::AwsConfig::images`] that a container of it runs.
    pub runs: String,
}

impl RepositoryConfig {
    /// A repository with an image for each of these tags, which all run the same.
    pub fn of<const N: usize>(name: &str, tags: [&str; N], runs: &str) -> Self {
        let image = |tag: &str| ImageConfig { tags: vec![tag.to_owned()], runs: runs.to_owned() };
        Self { name: name.to_owned(), images: tags.map(image).to_vec() }
    }
}

/// A project of CodeBuild.
#[derive(Clone, Debug)]
pub struct ProjectConfig {
    /// Its name.
    pub name: String,
    /// The repository that a build pushes to.
    pub repository: String,
    /// The name of [`super::AwsConfig::images`] that a built image runs.
    pub runs: String,
}

impl ProjectConfig {
    /// A project that pushes to this repository.
    pub fn new(name: &str, repository: &str, runs: &str) -> Self {
        Self { name: name.to_owned(), repository: repository.to_owned(), runs: runs.to_owned() }
    }
}
