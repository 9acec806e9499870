"""Starts MiniStack, writes down what its policy evaluator decides, and lets time pass in a bucket or a queue.

Arguments: the file that gets one JSON line for each decision on a call that a role made.
Standard input: one JSON line {"bucket", "prefix", "seconds"} makes objects older, and {"queue", "seconds"} brings messages
back sooner; each is answered with one line on standard output, `aged <how many>`.
"""

import json
import sys
import threading
from datetime import datetime, timedelta

from ministack.core import iam_evaluator

decisions = open(sys.argv[1], "a", buffering=1)
sys.argv = sys.argv[:1]
decide = iam_evaluator.evaluate
authorize = iam_evaluator.enforce


def write(decision, principal, action, resource, sid):
    if ":assumed-role/" in principal:
        names = {"role": principal.split("/")[1], "action": action, "resource": resource, "sid": sid}
        decisions.write(json.dumps({"decision": decision, **names}) + "\n")


def evaluate(ctx, policies, *limits):
    """Both the policies of the caller and that of the resource come through here; most statements match neither."""
    result = decide(ctx, policies, *limits)
    if result.decision == "Allow":
        write("allowed", ctx.principal_arn, ctx.action, ctx.resource_arn, result.matched_sid)
    return result


def enforce(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
    refusal = authorize(access_key_id, iam_action, service, region, resource_arn, service_context)
    if isinstance(refusal, iam_evaluator.EvalResult):
        write("refused", refusal.principal_arn, iam_action, resource_arn, refusal.matched_sid)
    return refusal


iam_evaluator.evaluate = evaluate
iam_evaluator.enforce = enforce

from ministack import app  # noqa: E402  imports the evaluator
from ministack.services import s3, sqs  # noqa: E402


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


def listen():
    for line in sys.stdin:
        request = json.loads(line)
        age = age_messages if "queue" in request else age_objects
        print("aged", age(**request), flush=True)


threading.Thread(target=listen, daemon=True).start()
# No second listener, on port 443.
app._port_is_bindable = lambda *_: False
app.main()
