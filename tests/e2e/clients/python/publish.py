"""Publishes events with the CloudEvents SDK for Python: `publish.py <url of the node>`. Prints the status of each as JSON."""

import json
import sys
import urllib.request
from datetime import datetime, timezone

from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent


def order(event_id, data=None, content_type="application/json"):
    attributes = {
        "specversion": "1.0",
        "id": event_id,
        "source": "/shops/python",
        "type": "order.placed",
        "subject": "eu 1/ä",
        "time": datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=timezone.utc),
        "datacontenttype": content_type,
        "comexampleother": "x y",
    }
    return CloudEvent(attributes, data if data is not None else {"amount": 5, "note": "Grüße"})


def send(url, message):
    request = urllib.request.Request(url, data=message.body, headers=message.headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.status


def main():
    url = sys.argv[1] + "/v1/events"
    statuses = {
        "binary": send(url, to_binary_event(order("binary"))),
        "structured": send(url, to_structured_event(order("structured"))),
        "bytes": send(url, to_structured_event(order("bytes", bytes(range(256)), "application/octet-stream"))),
    }
    print(json.dumps(statuses))


main()
