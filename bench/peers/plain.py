"""The job as most people would write it in Python: boto3 clients, urllib3 as it comes with them, one call after another."""

import json
import os
import sys
import time

import boto3
import urllib3
from botocore.config import Config

secrets = boto3.client("secretsmanager")
# The stand-in for S3 does not take checksums that come after the body.
s3 = boto3.client("s3", config=Config(request_checksum_calculation="when_required"))
http = urllib3.PoolManager(ca_certs=os.environ["AWS_CA_BUNDLE"])


def handler(event, request_id):
    user, key, token = event["service_user_id"], event["api_key_id"], event["token"]
    admin = secrets.get_secret_value(SecretId=os.environ["ADMIN_TOKEN_SECRET_ID"])["SecretString"]

    owner = json.loads(call("GET", "/v3/self", token).data)
    if owner["service_user_id"] != user:
        raise RuntimeError("the token belongs to somebody else")

    record(f"{request_id}/10-intent", {"status": "intent", "service_user_id": user, "api_key_id": key})
    revoked = call("DELETE", f"/v3beta1/enterprise/service-users/{user}/api-keys/{key}", admin)
    if revoked.status not in (200, 409):
        raise RuntimeError(f"not revoked: {revoked.status}")

    dead = True
    for probe in range(3):
        if probe > 0:
            time.sleep(0.15)
        proof = call("GET", "/v3/self", token, {"connection": "close"})
        control = call("GET", "/v3/self", admin)
        dead = dead and proof.status == 401 and control.status == 200
    outcome = {"status": "revoked" if dead else "still_alive", "service_user_id": user, "api_key_id": key}
    record(f"{request_id}/90-outcome", outcome)
    return outcome


def call(method, path, token, more=None):
    headers = {"authorization": f"Bearer {token}", "accept": "application/json", **(more or {})}
    return http.request(method, os.environ["DEVIN_API_URL"] + path, headers=headers, redirect=False)


def record(name, facts):
    s3.put_object(
        Bucket=os.environ["AUDIT_BUCKET"],
        Key=f"records/boto3/{name}.json",
        ContentType="application/json",
        IfNoneMatch="*",
        Body=json.dumps({"time": int(time.time() * 1000), **facts}).encode(),
    )


def peak_memory():
    """Kilobytes."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    answer = handler(json.load(sys.stdin), os.environ["BENCH_REQUEST_ID"])
    cost = {"cpuMs": time.process_time() * 1000, "memoryKb": peak_memory()}
    print("\n" + json.dumps({"answer": answer, **cost}))
