"""Publishes lines with Eclipse paho and exits when every one is acknowledged.

paho_publish.py PORT VERSION QOS TOPIC COUNT [NAME PASSWORD]

VERSION is 3 (for 3.1.1) or 5. Payloads are "paho VERSION QOS NUMBER", from 0 on.
"""

import sys

import paho.mqtt.client as mqtt

port, version, qos, topic, count, *login = sys.argv[1:]
client = mqtt.Client(
    mqtt.CallbackAPIVersion.VERSION2,
    client_id=f"paho-{version}-{qos}",
    protocol=mqtt.MQTTv5 if version == "5" else mqtt.MQTTv311,
)
if login:
    client.username_pw_set(*login)

codes = []
client.on_publish = lambda _client, _data, _id, reason, _properties: codes.append(reason)
refused = []
client.on_connect = lambda _client, _data, _flags, reason, _properties: (
    refused.append(reason) if reason.is_failure else None
)
client.connect("127.0.0.1", int(port), keepalive=30)
client.loop_start()
sent = [client.publish(topic, f"paho {version} {qos} {n}", int(qos)) for n in range(int(count))]
for message in sent:
    message.wait_for_publish(timeout=30)
unpublished = sum(not message.is_published() for message in sent)
client.disconnect()
client.loop_stop()

if refused:
    sys.exit(f"not let in: {refused[0]}")
if unpublished:
    sys.exit(f"{unpublished} of {count} messages were not acknowledged")
failed = [code for code in codes if code.is_failure]
if failed:
    sys.exit(f"{len(failed)} of {count} messages were refused: {failed[0]}")
