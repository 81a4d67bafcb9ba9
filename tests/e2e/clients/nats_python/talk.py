"""Publishes, subscribes, asks and answers with nats.py, and prints what it heard as one JSON object."""

import asyncio
import json
import sys

import nats
from nats.errors import NoRespondersError


async def main(url: str, token: str) -> None:
    errors = []

    async def on_error(error):
        errors.append(str(error))

    client = await nats.connect(url, token=token, error_cb=on_error)
    heard = []
    shared = []

    async def on_order(message):
        heard.append([message.subject, message.data.decode(), message.headers.get("ce-type"), message.headers.get("ce-id")])

    async def on_job(message):
        shared.append(message.data.decode())

    async def on_price(message):
        await message.respond(b"42 for " + message.data)

    await client.subscribe("order.>", cb=on_order)
    for _ in range(3):
        await client.subscribe("job.*", queue="workers", cb=on_job)
    await client.subscribe("price.get", cb=on_price)
    await client.flush()

    await client.publish("order.placed", b"plain", headers={"Nats-Msg-Id": "one"})
    await client.publish(
        "order.placed",
        b"{}",
        headers={"ce-specversion": "1.0", "ce-id": "two", "ce-source": "/py", "ce-type": "com.shop.Order"},
    )
    for number in range(20):
        await client.publish("job.run", str(number).encode())
    await client.flush()

    answer = await client.request("price.get", b"tea", timeout=5)
    receipt = await client.request("weft.pub.order.cancelled", b"x", timeout=5)
    try:
        await client.request("nobody.home", b"?", timeout=5)
        nobody = "answered"
    except NoRespondersError:
        nobody = "no responders"
    await client.publish("secret.plan", b"x")
    await client.flush()
    for _ in range(500):
        if len(heard) == 3 and len(shared) == 20 and len(errors) == 1:
            break
        await asyncio.sleep(0.01)
    print(json.dumps({
        "heard": heard,
        "shared": sorted(map(int, shared)),
        "answer": answer.data.decode(),
        "receipt": json.loads(receipt.data),
        "nobody": nobody,
        "errors": errors,
    }))
    await client.drain()


asyncio.run(main(sys.argv[1], sys.argv[2]))
