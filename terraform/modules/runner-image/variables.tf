variable "name" {
  description = "First part of all names: NAME-runner, NAME-entrypoint, NAME-images."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.name))
    error_message = "name must be 1 to 32 of a-z, 0-9 and -, beginning with a letter, for example \"mayfly\"."
  }
}

variable "source_url" {
  description = "This repository at GitHub, or your fork of it. It must be public, or GitHub connected to CodeBuild in this account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^https://[^/]+/[^/]+/[^/]+\\.git$", var.source_url))
    error_message = "source_url must be the address that git clones, for example \"https://github.com/octo/mayfly.git\"."
  }
}

variable "source_ref" {
  description = "Commit (best) or tag that is built."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([0-9a-f]{40}|v?[0-9]+\\.[0-9]+\\.[0-9]+[A-Za-z0-9.-]*)$", var.source_ref))
    error_message = "source_ref must be a whole commit (40 digits) or a version's tag (\"v0.1.0\"): from a branch nobody could tell what jobs run in."
  }
}

variable "image_tag" {
  description = "Tag of the images. It is written once; another build needs another tag."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image_tag)) && var.image_tag != "latest"
    error_message = "image_tag must be a tag that tells the version, for example \"2.336.0-1\", and not \"latest\"."
  }
}

variable "architecture" {
  description = "X86_64 or ARM64, as the runners are."
  type        = string
  default     = "X86_64"
  nullable    = false

  validation {
    condition     = contains(["X86_64", "ARM64"], var.architecture)
    error_message = "architecture must be \"X86_64\" or \"ARM64\"."
  }
}

variable "tags" {
  description = "Tags for everything that this module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
