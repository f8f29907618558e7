"""The pages for staff. Every address needs a sign-in; every case is looked up through `access`."""

from django.urls import path

from requests_app.views import case, correcting, deciding, desk, entering, lead, mail, reports

app_name = "desk"
CASE = "case/<str:reference>/"
urlpatterns = [
    path("", desk.queue, name="queue"),
    path("search/", desk.search, name="search"),
    path("sources/", desk.sources, name="sources"),
    path("processed/", desk.processed, name="processed"),
    path("reports/", reports.reports, name="reports"),
    path("reports/<slug:key>/<int:year>/", reports.year, name="figures"),
    path("reports/<slug:key>/<int:year>/figures.json", reports.year_json, name="figures_json"),
    path("reports/<slug:key>/<int:year>/register-<slug:form>.csv", reports.register_csv, name="register_csv"),
    path("help/", desk.help_page, name="help"),
    path("enter/", entering.enter, name="enter"),
    path("mail/", mail.waiting, name="mail"),
    path("mail/<int:pk>/", mail.page, name="mail_page"),
    path("mail/<int:pk>/open/", mail.open_request, name="mail_open"),
    path("mail/<int:pk>/aside/", mail.set_aside, name="mail_aside"),
    path(CASE, case.page, name="case"),
    path(f"{CASE}start/", case.start, name="start"),
    path(f"{CASE}gather/", case.gather_again, name="gather"),
    path(f"{CASE}retry/", case.retry, name="retry"),
    path(f"{CASE}show/", case.show, name="show"),
    path(f"{CASE}resume/", case.resume, name="resume"),
    path(f"{CASE}assign/", case.assign, name="assign"),
    path(f"{CASE}note/", case.note, name="note"),
    path(f"{CASE}message/", case.message, name="message"),
    path(f"{CASE}tell/", case.tell, name="tell"),
    path(f"{CASE}letter/<int:pk>/", case.letter, name="letter"),
    path(f"{CASE}letter/<int:pk>/pdf/", case.letter_pdf, name="letter_pdf"),
    path(f"{CASE}letter/<int:pk>/again/", case.letter_again, name="letter_again"),
    path(f"{CASE}release/", deciding.release, name="release"),
    path(f"{CASE}plan/", deciding.plan, name="plan"),
    path(f"{CASE}settle/", deciding.settle, name="settle"),
    path(f"{CASE}approve/", deciding.approve, name="approve"),
    path(f"{CASE}extend/", deciding.extend, name="extend"),
    path(f"{CASE}refuse/", deciding.refuse, name="refuse"),
    path(f"{CASE}answer/", deciding.answer, name="answer"),
    path(f"{CASE}join/", deciding.join, name="join"),
    path(f"{CASE}correct/", correcting.correct, name="correct"),
    path(f"{CASE}correct/decide/", correcting.decide, name="correct_decide"),
    path(f"{CASE}correct/add/", correcting.add, name="correct_add"),
    path(f"{CASE}close/<str:source>/", lead.close_source, name="close_source"),
    path(f"{CASE}in-part/", lead.answer_in_part, name="answer_in_part"),
    path(f"{CASE}attest/", deciding.attest, name="attest"),
    path(f"{CASE}reopen/", deciding.reopen, name="reopen"),
    path(f"{CASE}receipt/", deciding.receipt, name="receipt"),
    path(f"{CASE}receipt.json", deciding.receipt_json, name="receipt_json"),
]
