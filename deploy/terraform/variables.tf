variable "release_dir" {
  description = "The folder with the files of a release, as downloaded."
  type        = string
}

variable "release_checksum" {
  description = "The SHA-256 of the release's file SHA256SUMS, in hexadecimal: it pins every file of the release. Verify it once with `gh attestation verify SHA256SUMS`."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.release_checksum))
    error_message = "release_checksum must be 64 hexadecimal digits, as sha256sum prints them."
  }
}

variable "code_bucket" {
  description = "The bucket for the zips and the template, in the region of the stack. It must not be writable by others: who can write to it decides what runs."
  type        = string
}

variable "stage" {
  description = "The stage, part of the names of all resources."
  type        = string
  default     = "prod"
}

variable "parameters" {
  description = "The parameters of docs/configuration.md by their names, such as { auditLockMode = \"COMPLIANCE\" }. Others have their defaults."
  type        = map(string)
  default     = {}
}

variable "tags" {
  description = "Tags of the stack and of its resources."
  type        = map(string)
  default     = {}
}
