output "stack_id" {
  description = "The id of the CloudFormation stack."
  value       = aws_cloudformation_stack.this.id
}

output "outputs" {
  description = "All outputs of the stack by name, such as WebhookLambdaFunctionUrl and AdminTokenSecretArn."
  value       = aws_cloudformation_stack.this.outputs
}
