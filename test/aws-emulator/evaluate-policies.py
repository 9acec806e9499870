"""Answers what MiniStack's policy evaluator decides.

Standard input: JSON [{"principal", "action", "resource", "policies", "resource_policy", "key_policy_rules", "tls", "context"}].
Standard output: JSON ["Allow" | "Deny" | "ImplicitDeny"].
"""

import json
import sys

from ministack.core import iam_evaluator as iam


def decide(request):
    ctx = iam.EvalContext(
        principal_arn=request["principal"],
        principal_type="AssumedRole",
        principal_account=request["principal"].split(":")[4],
        action=request["action"],
        resource_arn=request["resource"],
        region="us-east-1",
        secure_transport=request["tls"],
        service_context={key.lower(): value for key, value in request["context"].items()},
    )
    identity = iam.evaluate(ctx, [iam.parse_policy_document(policy) for policy in request["policies"]])
    policy = request["resource_policy"]
    if policy is None:
        return identity.decision
    required = request["key_policy_rules"]
    return iam.combine_resource_policy(identity, ctx, policy, None, required=required).decision


json.dump([decide(request) for request in json.load(sys.stdin)], sys.stdout)
