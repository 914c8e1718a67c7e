"""What CloudStack's answers say of jobs, events and alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netloom.base.ids import Uuid
from netloom.faces.cloudstack.answers import SUCCESS, JobAnswer
from netloom.faces.cloudstack.errors import numbers_of
from netloom.faces.cloudstack.kinds import shown_kind
from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.identity import Account, Domain, User, shown_path
from netloom.model.cloud.jobs import Alert, Event, Job, JobState
from netloom.store.cloud.schema import BY_WORD

JOB_STATUS: Mapping[JobState, int] = {
    JobState.QUEUED: 0,
    JobState.RUNNING: 0,
    JobState.SUCCEEDED: 1,
    JobState.FAILED: 2,
    JobState.CANCELLED: 3,
}


def job_row(job: Job, see: See, answers: Mapping[str, JobAnswer], command: str | None) -> Row:
    """A job with its result; `command` is what started it."""
    answer = answers.get(job.use_case)
    account, domain = see.one(Account, job.account_id), see.one(Domain, job.domain_id)
    about = answer.about if answer is not None else shown_kind(job.resource_kind)
    return {
        "accountid": job.account_id,
        "account": None if account is None else account.name,
        "domainid": job.domain_id,
        "domainpath": None if domain is None else shown_path(domain.path),
        "userid": job.user_id,
        "cmd": command or job.use_case,
        "jobstatus": JOB_STATUS[job.state],
        "jobprocstatus": 0,
        "jobresultcode": _result_code(job),
        "jobresulttype": "object",
        "jobresult": _result(job, see, answer),
        "jobinstancetype": about,
        "jobinstanceid": job.resource_id if answer is not None and answer.with_id else None,
        "created": see.time(job.created_at),
        "completed": see.time(job.finished_at),
        "jobid": job.id,
    }


def _result_code(job: Job) -> int:
    failed = job.state in {JobState.FAILED, JobState.CANCELLED}
    return _status(job) if failed else 0


def _result(job: Job, see: See, answer: JobAnswer | None) -> Mapping[str, object] | None:
    if job.state is JobState.SUCCEEDED:
        return SUCCESS if answer is None else answer.result(job, see)
    if job.state is JobState.FAILED:
        return {"errorcode": _status(job), "errortext": job.error_text or "failed"}
    if job.state is JobState.CANCELLED:
        return {"errorcode": _status(job), "errortext": "cancelled before it began"}
    return None


def _status(job: Job) -> int:
    if job.state is JobState.CANCELLED:
        return 530
    return numbers_of(job.error_kind, job.error_code)[0]


def event_rows(events: Sequence[Event], see: See) -> list[Row]:
    """Events."""
    see.owners(events)
    users = see.many(User, {event.user_id for event in events})
    names = _names(events, see)
    return [
        {
            "id": event.id,
            "username": _username(event, users),
            "type": event.type,
            "level": event.level.value,
            "description": event.description,
            **see.owner(event),
            "resourceid": event.resource_id,
            "resourcetype": shown_kind(event.resource_kind),
            "resourcename": names.get(event.resource_id or ""),
            "created": see.time(event.created_at),
            "state": event.state.value,
            "parentid": event.parent_id,
            "archived": event.archived or None,
        }
        for event in events
    ]


def _username(event: Event, users: Mapping[Uuid, User]) -> str:
    user = None if event.user_id is None else users.get(event.user_id)
    return "system" if user is None else user.username


def _names(events: Sequence[Event], see: See) -> dict[str, str]:
    """What the things that events are about are called, those that are still there and have a name."""
    by_kind: dict[str, set[str]] = {}
    for event in events:
        if event.resource_kind is not None and event.resource_id is not None:
            by_kind.setdefault(event.resource_kind, set()).add(event.resource_id)
    names: dict[str, str] = {}
    for word, ids in by_kind.items():
        stored = BY_WORD.get(word)
        if stored is None:
            continue
        for found, record in see.many(stored.spec.record, ids).items():
            name = getattr(record, "name", None)
            if isinstance(name, str):
                names[found] = name
    return names


def alert_rows(alerts: Sequence[Alert], see: See) -> list[Row]:
    """Alerts."""
    return [
        {
            "id": alert.id,
            "type": alert.type,
            "name": alert.name,
            "description": alert.description,
            "sent": see.time(alert.last_at),
        }
        for alert in alerts
    ]
