"""Starts MiniStack, writes down what its policy evaluator decides, and lets time pass in a bucket, a queue or a schedule.

Arguments: the file that gets one JSON line for each decision on a call that a role made.
Standard input: one JSON line {"bucket", "prefix", "seconds"} makes objects older, {"queue", "seconds"} brings messages back
sooner, and {"schedule", "seconds"} makes the last run of a schedule older; each is answered with one line on standard output,
`aged <how many>`.
"""

import json
import sys
import threading
import time
from datetime import datetime, timedelta

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id

decisions = open(sys.argv[1], "a", buffering=1)
sys.argv = sys.argv[:1]
decide = iam_evaluator.evaluate
authorize = iam_evaluator.enforce


def write(decision, principal, action, resource, sid):
    if ":assumed-role/" in principal:
        names = {"role": principal.split("/")[1], "action": action, "resource": resource, "sid": sid}
        decisions.write(json.dumps({"decision": decision, **names}) + "\n")


def write_results(results):
    for ctx, result in results:
        decision = "allowed" if result.decision == "Allow" else "refused"
        write(decision, ctx.principal_arn, ctx.action, ctx.resource_arn, result.matched_sid)


def evaluate(ctx, policies, *limits):
    """Both the policies of the caller and that of the resource come through here; most statements match neither."""
    result = decide(ctx, policies, *limits)
    # What services call as a role is written by those who ask.
    if result.decision == "Allow" and not ctx.principal_arn.endswith("/service"):
        write("allowed", ctx.principal_arn, ctx.action, ctx.resource_arn, result.matched_sid)
    return result


def enforce(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
    context = {**(service_context or {}), **service_calls.condition_keys(iam_action)}
    resource = service_calls.named_resource(iam_action, resource_arn)
    refusal = authorize(access_key_id, iam_action, service, region, resource, context)
    if isinstance(refusal, iam_evaluator.EvalResult):
        write("refused", refusal.principal_arn, iam_action, resource, refusal.matched_sid)
    if refusal is not None:
        return refusal
    caller = getattr(iam_evaluator.resolve_principal(access_key_id or "", get_account_id()), "arn", "")
    further = service_calls.further_check(caller, iam_action, resource) if ":assumed-role/" in caller else None
    if further is None:
        return None
    write_results([further])
    ctx, result = further
    if result.decision == "Allow":
        return None
    return iam_evaluator.EvalResult("ImplicitDeny", principal_arn=ctx.principal_arn)


iam_evaluator.evaluate = evaluate
iam_evaluator.enforce = enforce

import service_calls  # noqa: E402  imports what imports the evaluator
from ministack import app  # noqa: E402
from ministack.services import s3, scheduler, sqs  # noqa: E402

service_calls.check_logs(write_results)
service_calls.check_queues(write_results)
service_calls.check_schedules(write_results)


def age_messages(queue, seconds):
    messages = [message for found in sqs._queues._data.values() if found["url"] == queue for message in found["messages"]]
    for message in messages:
        message["visible_at"] -= seconds
    return len(messages)


def age_objects(bucket, prefix, seconds):
    objects = [record for key, record in s3._buckets[bucket]["objects"].items() if key.startswith(prefix)]
    for record in objects:
        stored = datetime.fromisoformat(record["last_modified"].replace("Z", "+00:00"))
        older = (stored - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
        record["last_modified"] = older.replace("+00:00", "Z")
    return len(objects)


def age_schedules(schedule, seconds):
    keys = [key for key in scheduler._schedules._data if f"-{schedule}-" in key[2]]
    for key in keys:
        scheduler._schedule_last_fired[key] = time.time() - seconds
    return len(keys)


AGE = {"bucket": age_objects, "queue": age_messages, "schedule": age_schedules}


def listen():
    for line in sys.stdin:
        request = json.loads(line)
        age = next(AGE[what] for what in AGE if what in request)
        print("aged", age(**request), flush=True)


threading.Thread(target=listen, daemon=True).start()
# No second listener, on port 443.
app._port_is_bindable = lambda *_: False
app.main()
