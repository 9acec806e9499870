locals {
  sums_file = "${var.release_dir}/SHA256SUMS"

  # One line a file: 64 digits, two spaces, the name.
  checksums = {
    for line in regexall("(?m)^([0-9a-f]{64})  ([A-Za-z0-9._-]+)$", file(local.sums_file)) : line[1] => line[0]
  }

  # Another release has another prefix, so that CloudFormation updates the functions.
  prefix = "devin-key-revoker/${var.release_checksum}/"

  uploads = toset([for name in keys(local.checksums) : name if endswith(name, ".zip") || name == "template.json"])

  known = keys(jsondecode(file("${var.release_dir}/template.json")).Parameters)
}

resource "aws_s3_object" "release" {
  for_each = local.uploads

  bucket = var.code_bucket
  key    = "${local.prefix}${each.key}"
  source = "${var.release_dir}/${each.key}"
  # S3 compares it with what arrives.
  checksum_algorithm = "SHA256"
  source_hash        = local.checksums[each.key]

  lifecycle {
    precondition {
      condition     = filesha256(local.sums_file) == var.release_checksum
      error_message = "SHA256SUMS is not the file that release_checksum names."
    }
    precondition {
      condition     = filesha256("${var.release_dir}/${each.key}") == local.checksums[each.key]
      error_message = "${each.key} is not the file of the release: its checksum differs."
    }
  }
}

resource "aws_cloudformation_stack" "this" {
  name         = "devin-key-revoker-${var.stage}"
  template_url = "https://${var.code_bucket}.s3.${data.aws_region.current.name}.${data.aws_partition.current.dns_suffix}/${aws_s3_object.release["template.json"].key}"
  capabilities = ["CAPABILITY_NAMED_IAM"]
  tags         = var.tags

  parameters = merge(var.parameters, {
    stage      = var.stage
    codeBucket = var.code_bucket
    codePrefix = local.prefix
  })

  lifecycle {
    precondition {
      condition     = length(setsubtract(keys(var.parameters), local.known)) == 0
      error_message = "No such parameters: ${join(", ", setsubtract(keys(var.parameters), local.known))}. See docs/configuration.md."
    }
  }

  # The functions are created from the zips.
  depends_on = [aws_s3_object.release]
}

data "aws_region" "current" {}

data "aws_partition" "current" {}
