"""Drives a medsrv that was started with --demo, by way of the public library jsonrpcclient.

Usage: drive.py HOST PORT. Ends with 0 when all went as it should.
"""

import json
import sys

from jsonrpcclient import Error, Ok, notification_json, parse, parse_json, request, request_json

from transport import Transport


def call(transport, method, **params):
    """The result of a call, by name; an error of the server is returned as it is."""
    answer = parse_json(transport.ask(request_json(method, params=params or None)))
    return answer.result if isinstance(answer, Ok) else answer


def refused_with(answer, code, word=None):
    assert isinstance(answer, Error), answer
    assert answer.code == code, answer
    assert word is None or answer.data["code"] == word, answer


def names_page_by_page(transport):
    names, cursor = [], None
    while True:
        page = call(transport, "doctor.list", limit=2, cursor=cursor)
        assert len(page["items"]) <= 2, page
        names += [doctor["name"] for doctor in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return names


def main(host, port):
    transport = Transport(host, int(port))

    # Nobody is logged in yet.
    refused_with(call(transport, "session.whoami"), -32000, "unauthenticated")
    refused_with(call(transport, "session.login", username="DOC001", password="no"), -32000, "wrong_credentials")

    session = call(transport, "session.login", username="DOC001", password="hash_doctor1")
    assert session["token"].startswith("ms1_"), session
    assert call(transport, "session.whoami")["user"]["role"] == "doctor"
    assert names_page_by_page(transport) == ["王医生", "刘医生", "陈医生"]

    # By position, and an id that is a text.
    answer = parse_json(transport.ask(request_json("doctor.get", params=[4], id="a")))
    assert answer.id == "a" and answer.result["name"] == "王医生", answer

    # A batch is answered in its order.
    calls = [request("doctor.get", params={"doctor_id": 4}), request("doctor.get", params={"doctor_id": 99})]
    good, bad = parse(json.loads(transport.ask(json.dumps(calls))))
    assert good.result["department"] == "内科", good
    refused_with(bad, -32000, "not_found")

    # A notification has no reply: the next one is that of the next call.
    transport.send(notification_json("session.whoami"))
    refused_with(call(transport, "no.such_method"), -32601)
    refused_with(call(transport, "doctor.get", doctor_id="4"), -32602)

    # The session is good on another connection, until it ends.
    other = Transport(host, int(port))
    assert call(other, "session.resume", token=session["token"])["user"]["username"] == "DOC001"
    assert call(transport, "session.logout") == {"ended": 1}
    refused_with(call(transport, "session.whoami"), -32000, "unauthenticated")
    refused_with(call(other, "session.whoami"), -32000, "unauthenticated")
    print("jsonrpcclient: all went as it should")


if __name__ == "__main__":
    main(*sys.argv[1:])
