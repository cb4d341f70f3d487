"""The pages about pushes (DESIGN.md section 10)."""

from django.urls import path

from integrations_d365.views import board, bulk, check, decide, environment, push, rules

app_name = "d365"
urlpatterns = [
    path("", board.board, name="board"),
    path("chosen/", board.chosen, name="chosen"),
    path("retry-all/", board.retry_all, name="retry_all"),
    path("push/<str:domain>/", push.push, name="push"),
    path("push/<str:domain>/take-back/", push.take_back, name="take_back"),
    path("push/<str:domain>/resend/", push.resend, name="resend"),
    path("push/<str:domain>/read-again/", push.read_again, name="read_again"),
    path("push/<str:domain>/decide/", decide.decide, name="decide"),
    path("of/<str:domain>/", push.lead_panel, name="lead_panel"),
    path("steps/<str:domain>/", push.steps, name="steps"),
    path("bulk/", bulk.bulk, name="bulk"),
    path("rules/", rules.rules, name="rules"),
    path("rules/<int:pk>/", rules.rule, name="rule"),
    path("check/", check.check, name="check"),
    path("environment/", environment.environment, name="environment"),
]
