"""The pages for people: no sign-in, no account."""

from django.urls import path

from requests_app.views import allowing, appeal, by_hand, confirming, download, intake, legal, opinions, tracking

app_name = "public"
urlpatterns = [
    path("", intake.home, name="home"),
    path("o/<slug:org>/", intake.start, name="start"),
    path("o/<slug:org>/ask/<slug:step>/", intake.ask, name="ask"),
    path("o/<slug:org>/code/", confirming.code, name="code"),
    path("o/<slug:org>/done/", confirming.done, name="done"),
    path("o/<slug:org>/confirm/", confirming.confirm, name="confirm"),
    path("o/<slug:org>/confirm/<str:token>/", confirming.confirm, name="confirm"),
    path("o/<slug:org>/allow/", allowing.allow, name="allow"),
    path("o/<slug:org>/allow/<str:token>/", allowing.allow, name="allow"),
    path("o/<slug:org>/by-hand/", by_hand.link, name="by_hand_open"),
    path("o/<slug:org>/by-hand/<str:token>/", by_hand.link, name="by_hand"),
    path("o/<slug:org>/track/", tracking.track, name="track"),
    path("o/<slug:org>/track/code/", tracking.track_code, name="track_code"),
    path("o/<slug:org>/request/<str:reference>/", tracking.status, name="status"),
    path("o/<slug:org>/request/<str:reference>/confirm/", tracking.confirm_here, name="confirm_here"),
    path("o/<slug:org>/request/<str:reference>/opinion/", opinions.opine, name="opine"),
    path("o/<slug:org>/request/<str:reference>/withdraw/", tracking.withdraw, name="withdraw"),
    path("o/<slug:org>/request/<str:reference>/appeal/", appeal.appeal, name="appeal"),
    path("o/<slug:org>/request/<str:reference>/download/", download.download, name="download"),
    path("o/<slug:org>/request/<str:reference>/outline.json", tracking.outline, name="outline"),
    path("o/<slug:org>/request/<str:reference>/letters/<int:pk>/", tracking.letter, name="letter"),
    path("o/<slug:org>/request/<str:reference>/letters/<int:pk>/pdf/", tracking.letter_pdf, name="letter_pdf"),
    path("o/<slug:org>/legal/privacy", legal.privacy, name="privacy"),
    path("o/<slug:org>/legal/laws", legal.laws, name="laws"),
    path("o/<slug:org>/legal/privacy.json", legal.privacy_json, name="privacy_json"),
    path("o/<slug:org>/accessibility", legal.accessibility, name="accessibility"),
    path("o/<slug:org>/brand.css", legal.brand, name="brand"),
]
