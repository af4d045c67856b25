"""Uploads a file as boto3 does by itself: boto3_upload.py <endpoint> <bucket> <key> <file>.

The access key is in the environment. Prints one line of JSON: seconds of wall clock and of CPU that upload_fileobj took.
"""

import json
import sys
import time

import boto3

endpoint, bucket, key, name = sys.argv[1:]
client = boto3.client("s3", endpoint_url=endpoint)
with open(name, "rb") as file:
    started, cpu = time.perf_counter(), time.process_time()
    client.upload_fileobj(file, bucket, key, ExtraArgs={"ContentType": "video/mp4"})
    print(json.dumps({"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}))
