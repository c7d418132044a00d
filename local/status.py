"""`signals status`: how the deployed system is, in one table; and a run started by hand."""

import datetime as dt
from collections.abc import Callable, Iterator

from options_signals import sessions
from options_signals.adapters.dynamo import DynamoTable
from options_signals.adapters.keys import VARIABLES
from options_signals.errors import InvalidValueError
from options_signals.jobs import ledger
from options_signals.jobs.messages import RunRequest
from options_signals.sources.registry import open_source

from local.account import Account
from local.doctor import Finding
from local.subscriptions import TOPICS, subscriptions

SESSIONS_BACK = 5
FIRST_RUN = "`signals start` runs the newest session that has closed."


def examine(account: Account) -> list[Finding]:
    """Ask the account about everything a person should know."""
    return [finding for look in CHECKS for finding in look(account)]


def request_of(session: dt.date | None, *, revise: bool, send: bool) -> RunRequest:
    """What a person asks for. A revision is sent only where that is asked for, too; a first digest always is.

    InvalidValueError for `send` without `revise`.
    """
    if send and not revise:
        raise InvalidValueError(
            name="--send",
            value=True,
            allowed="only beside --revise",
            remedy="A session that has no digest yet is sent without it.",
        )
    return RunRequest(session=session, revise=revise, send=send or not revise)


def start_run(account: Account, request: RunRequest) -> str:
    """Run a session now, or the newest that has closed; answer what will happen and how to follow it."""
    run = account.client("stepfunctions").start_execution(
        stateMachineArn=account.outputs["StateMachine"], input=request.model_dump_json(exclude_defaults=True)
    )
    follow = f"`signals status --stage {account.stage}` says how it ends."
    return f"started {run['executionArn']}\n{_promised(request)}\n{follow}"


def _promised(request: RunRequest) -> str:
    day = str(request.session or "the newest session that has closed")
    if not request.revise:
        return f"It works on {day} and sends its digest; if that was sent before, nothing is changed or sent."
    told = "is sent to every reader as a further digest" if request.send else "is sent to nobody (--send would send it)"
    return f"It decides {day} again; what it finds is stored beside an earlier digest and {told}."


def _stack(account: Account) -> Iterator[Finding]:
    deployed = _environment(account)
    found = f"{account.stack}: source {deployed['SIGNALS_SOURCE']}, code {deployed['SIGNALS_CODE']}"
    yield Finding(what="stack", status="ok", found=found)


def _environment(account: Account) -> dict[str, str]:
    answer = account.client("lambda").get_function_configuration(FunctionName=account.outputs["WatchdogFunction"])
    variables: dict[str, str] = answer["Environment"]["Variables"]
    return variables


def _schedules(account: Account) -> Iterator[Finding]:
    client, group = account.client("scheduler"), account.outputs["ScheduleGroup"]
    listed = client.get_paginator("list_schedules").paginate(GroupName=group)
    names = sorted(schedule["Name"] for page in listed for schedule in page["Schedules"])
    if not names:
        yield Finding(what="schedule", status="missing", found="none", remedy="Deploy again: nothing starts a run.")
    for name in names:
        schedule = client.get_schedule(GroupName=group, Name=name)
        yield Finding(
            what="schedule",
            status="ok" if schedule["State"] == "ENABLED" else "look",
            found=f"{schedule['ScheduleExpression']} {schedule['ScheduleExpressionTimezone']}, {schedule['State']}",
            remedy="" if schedule["State"] == "ENABLED" else "Switch it on in the console, or deploy again.",
        )


def _last_run(account: Account) -> Iterator[Finding]:
    runs = account.client("stepfunctions").list_executions(
        stateMachineArn=account.outputs["StateMachine"], maxResults=1
    )["executions"]
    if not runs:
        yield Finding(what="last run", status="look", found="none yet", remedy=FIRST_RUN)
        return
    well = runs[0]["status"] in {"SUCCEEDED", "RUNNING"}
    yield Finding(
        what="last run",
        status="ok" if well else "look",
        found=f"{runs[0]['startDate'].astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC: {runs[0]['status']}",
        remedy="" if well else f"Its history in Step Functions says why: {runs[0]['executionArn']}",
    )


def _digest(account: Account) -> Iterator[Finding]:
    table = DynamoTable(account.outputs["SignalsTable"], client=account.client("dynamodb"))
    now = dt.datetime.now(dt.UTC)
    source = _environment(account)["SIGNALS_SOURCE"]
    unread = dict.fromkeys(VARIABLES.values(), "stays in the account")
    namespace = open_source(source, clock=lambda: now, environ=unread).namespace
    newest = sessions.newest_closed(now)
    back = (sessions.shift(newest, -step) for step in range(SESSIONS_BACK))
    digest = next(filter(None, (ledger.digest(table, namespace, session) for session in back)), None)
    if digest is None:
        yield Finding(what="newest digest", status="look", found=f"none since {newest}", remedy=FIRST_RUN)
        return
    told = f"{digest.session}: {digest.state}, {digest.signals} signals, {digest.refusals} refusals"
    current = digest.session == newest and digest.state == ledger.State.SENT
    remedy = "" if current else f"The newest session that has closed is {newest}; a later slot may still send it."
    yield Finding(what="newest digest", status="ok" if current else "look", found=told, remedy=remedy)


def _subscriptions(account: Account) -> Iterator[Finding]:
    found = subscriptions(account)
    for each in found:
        yield Finding(
            what=f"{each.topic} to",
            status="ok" if each.confirmed else "look",
            found=f"{each.protocol} {each.endpoint}{'' if each.confirmed else ', not confirmed'}",
            remedy="" if each.confirmed else "`signals confirm LINK`, with the link of the mail; look in spam, too.",
        )
    for topic in TOPICS.values():
        if not any(each.confirmed for each in found if each.topic == topic):
            remedy = "`signals subscribe --email ADDRESS`, then confirm."
            yield Finding(what=f"{topic} to", status="missing", found="nobody", remedy=remedy)


def _alarms(account: Account) -> Iterator[Finding]:
    pages = account.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=account.stack)
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
    for alarm in alarms:
        if alarm["StateValue"] == "ALARM":
            what, told = f"alarm {alarm['AlarmName']}", alarm.get("AlarmDescription", "")
            yield Finding(what=what, status="look", found=alarm["StateReason"], remedy=told)
    calm = sum(alarm["StateValue"] != "ALARM" for alarm in alarms)
    yield Finding(what="alarms", status="ok", found=f"{calm} of {len(alarms)} calm")


def _dead_letters(account: Account) -> Iterator[Finding]:
    name = "ApproximateNumberOfMessages"
    answer = account.client("sqs").get_queue_attributes(QueueUrl=account.outputs["DeadLetters"], AttributeNames=[name])
    waiting = int(answer["Attributes"][name])
    yield Finding(
        what="dead letters",
        status="look" if waiting else "ok",
        found=str(waiting),
        remedy="Each is a start that failed for an hour; read them in SQS, then purge the queue." if waiting else "",
    )


CHECKS: tuple[Callable[[Account], Iterator[Finding]], ...] = (
    _stack,
    _schedules,
    _last_run,
    _digest,
    _subscriptions,
    _alarms,
    _dead_letters,
)
