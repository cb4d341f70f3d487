"""The pages about referrals (DESIGN.md section 10)."""

from django.urls import path

from referrals.views import connect, detail, lead_panel, needs_domain, quarantine, referral_list, runs

app_name = "referrals"
urlpatterns = [
    path("", referral_list.referral_list, name="list"),
    path("<int:pk>/", detail.referral_detail, name="detail"),
    path("<int:pk>/link/", detail.referral_link, name="link"),
    path("<int:pk>/unlink/", detail.referral_unlink, name="unlink"),
    path("needs-domain/", needs_domain.needs_domain, name="needs_domain"),
    path("of/<str:domain>/", lead_panel.lead_panel, name="lead_panel"),
    path("sync/", runs.sync_now, name="sync_now"),
    path("runs/", runs.run_list, name="runs"),
    path("runs/<int:pk>/", runs.run_detail, name="run"),
    path("light/", runs.light, name="light"),
    path("quarantine/", quarantine.quarantine_list, name="quarantine"),
    path("quarantine/<int:pk>/resolve/", quarantine.quarantine_resolve, name="quarantine_resolve"),
    path("connect/", connect.connect, name="connect"),
    path("connect/code/", connect.start_code, name="connect_code"),
    path("connect/state/", connect.state, name="connect_state"),
    path("connect/cancel/", connect.cancel_code, name="connect_cancel"),
    path("connect/browser/", connect.start_browser, name="connect_browser"),
    path("connect/callback/", connect.callback, name="connect_callback"),
    path("connect/sign-out/", connect.sign_out, name="connect_sign_out"),
]
