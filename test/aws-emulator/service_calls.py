"""What MiniStack lets through unchecked: the calls that services of AWS make under a role, and some keys of conditions."""

import json
import logging
from datetime import datetime, timezone

from ministack.core import iam_evaluator as iam
from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge, lambda_svc, s3, scheduler, secretsmanager, sqs


def decide(role_arn, action, resource, context=None):
    """What the policies of the role decide."""
    account, name = role_arn.split(":")[4], role_arn.split("/")[-1]
    ctx = iam.EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/service",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        service_context={key.lower(): value for key, value in (context or {}).items()},
    )
    return ctx, iam.evaluate(ctx, iam._gather_role_policies(name, account))


def check_logs(write):
    """Lambda writes the log of a function as its role."""
    emit = lambda_svc._emit_lambda_logs

    def emit_if_allowed(func, *args, **options):
        config = func.get("config") or func
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
        stream = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}:log-stream:any"
        decisions = [decide(config["Role"], f"logs:{name}", stream) for name in ("CreateLogStream", "PutLogEvents")]
        write(decisions)
        if all(result.decision == "Allow" for _, result in decisions):
            emit(func, *args, **options)

    lambda_svc._emit_lambda_logs = emit_if_allowed


def check_queues(write):
    """Lambda takes messages from a queue, and deletes them, as the function's role."""
    receive, delete = sqs._receive_messages_for_esm, sqs._delete_messages_for_esm

    def decisions(url, *names):
        arn = sqs._queues[url]["attributes"]["QueueArn"]
        _, _, mapping = next(found for found in lambda_svc._iter_all_esms() if found[2]["EventSourceArn"] == arn)
        _, config = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
        return [decide(config["Role"], f"sqs:{name}", arn) for name in names]

    def receive_if_allowed(url, count):
        # Lambda asks for the attributes of the queue too.
        made = decisions(url, "ReceiveMessage", "GetQueueAttributes")
        if any(result.decision != "Allow" for _, result in made):
            if any(message["visible_at"] <= datetime.now().timestamp() for message in sqs._queues[url]["messages"]):
                write(made)
            return []
        batch = receive(url, count)
        if batch:
            write(made)
        return batch

    def delete_if_allowed(url, handles):
        made = decisions(url, "DeleteMessage")
        write(made)
        if made[0][1].decision == "Allow":
            delete(url, handles)

    sqs._receive_messages_for_esm, sqs._delete_messages_for_esm = receive_if_allowed, delete_if_allowed


def check_schedules(write):
    """EventBridge Scheduler invokes as the role of the target; what it may not invoke goes to the dead-letter queue."""
    invoke = eventbridge._invoke_target

    def invoke_if_allowed(target, event, rule, view=None):
        if event.get("Source") != "aws.scheduler":
            return invoke(target, event, rule, view)
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        target = {**target, "Input": target["Input"].replace("<aws.scheduler.scheduled-time>", now)}
        made = [decide(target["RoleArn"], "lambda:InvokeFunction", target["Arn"])]
        write(made)
        if made[0][1].decision == "Allow" and lambda_exists(target["Arn"]):
            return invoke(target, event, rule, view)
        letters = target["DeadLetterConfig"]["Arn"]
        made = [decide(target["RoleArn"], "sqs:SendMessage", letters)]
        write(made)
        if made[0][1].decision == "Allow":
            eventbridge._dispatch_to_sqs(eventbridge.parse_arn(letters), target["Input"])

    eventbridge._invoke_target = invoke_if_allowed
    scheduler._SCHEDULE_TICK_INTERVAL = 1


def lambda_exists(arn):
    return lambda_svc._get_func_record_for_ref(arn)[0] is not None


def condition_keys(action):
    """Of the request that is being served: the keys of conditions that MiniStack does not know."""
    request = iam._signed_request.get()
    if request is None:
        return {}
    if action == "s3:PutObject":
        names = ("if-none-match", "if-match")
        return {
            "s3:ObjectCreationOperation": "true",
            **{f"s3:{name}": request.headers[name] for name in names if name in request.headers},
        }
    if action.startswith("kms:"):
        body = body_of(request)
        context = {f"kms:EncryptionContext:{name}": value for name, value in (body.get("EncryptionContext") or {}).items()}
        return {"kms:SigningAlgorithm": body.get("SigningAlgorithm"), **context}
    if action == "ses:SendEmail":
        return {"ses:FromAddress": body_of(request).get("FromEmailAddress")}
    return {}


def named_resource(action, resource):
    """A mail is sent from an identity, which MiniStack does not name."""
    request = iam._signed_request.get()
    if action != "ses:SendEmail" or request is None:
        return resource
    return f"arn:aws:ses:{get_region()}:{get_account_id()}:identity/{body_of(request).get('FromEmailAddress')}"


def body_of(request):
    try:
        return json.loads(request.body or b"{}")
    except ValueError:
        logging.warning("a body that is no JSON")
        return {}


def further_check(principal, action, resource):
    """What AWS asks for beside the action itself, as the caller. @returns the decision, or None"""
    if action == "secretsmanager:GetSecretValue":
        # Secrets Manager decrypts a secret with its key.
        _, secret = secretsmanager._resolve(resource)
        key = (secret or {}).get("KmsKeyId")
        if not key or key.startswith("alias/aws/"):
            return None
        via = {"kms:ViaService": f"secretsmanager.{get_region()}.amazonaws.com"}
        return decide(role_of(principal), "kms:Decrypt", key, via)
    if action == "s3:GetObject":
        # Whoever may not list a bucket is not told that an object is missing.
        bucket, _, key = resource.removeprefix("arn:aws:s3:::").partition("/")
        found = s3._buckets.get(bucket)
        if found is None or key in found["objects"]:
            return None
        return decide(role_of(principal), "s3:ListBucket", f"arn:aws:s3:::{bucket}")
    return None


def role_of(principal):
    return f"arn:aws:iam::{principal.split(':')[4]}:role/{principal.split('/')[1]}"
