from requests_app.models.case import Case, Identifier, Submission
from requests_app.models.challenge import Challenge, Enquiry
from requests_app.models.decision import Hold, Shortfall, Telling
from requests_app.models.event import Event
from requests_app.models.letter import Letter, Message
from requests_app.models.mail import InboundMail, Mailbox
from requests_app.models.note import Note
from requests_app.models.opinion import OpinionCount, Remark
from requests_app.models.register import RegisterEntry
from requests_app.models.reminder import Notice, Reminder

__all__ = [
    "Case",
    "Challenge",
    "Enquiry",
    "Event",
    "Hold",
    "Identifier",
    "InboundMail",
    "Letter",
    "Mailbox",
    "Message",
    "Note",
    "Notice",
    "OpinionCount",
    "RegisterEntry",
    "Remark",
    "Reminder",
    "Shortfall",
    "Submission",
    "Telling",
]
