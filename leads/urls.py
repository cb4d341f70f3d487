"""The pages of the domain (DESIGN.md section 10)."""

from django.urls import path

from leads.views import alerts, imports, jobs, lead_add, lead_detail, lead_list, today

app_name = "leads"
urlpatterns = [
    path("", today.today, name="today"),
    path("leads/", lead_list.lead_list, name="list"),
    path("leads/export.csv", lead_list.lead_export, name="export"),
    path("leads/rescan/", lead_list.lead_rescan_all, name="rescan_all"),
    path("leads/add/", lead_add.lead_add, name="add"),
    path("leads/<str:domain>/", lead_detail.lead_detail, name="detail"),
    path("leads/<str:domain>/rescan/", lead_detail.lead_rescan, name="rescan"),
    path("leads/<str:domain>/scan-state/", lead_detail.lead_scan_state, name="scan_state"),
    path("leads/<str:domain>/notes/", lead_detail.lead_note, name="note"),
    path("leads/<str:domain>/tags/", lead_detail.lead_tags, name="tags"),
    path("leads/<str:domain>/owner/", lead_detail.lead_owner, name="owner"),
    path("leads/<str:domain>/follow-up/", lead_detail.lead_follow_up, name="follow_up"),
    path("leads/<str:domain>/name/", lead_detail.lead_name, name="name"),
    path("leads/<str:domain>/dismiss/", lead_detail.lead_dismiss, name="dismiss"),
    path("leads/<str:domain>/restore/", lead_detail.lead_restore, name="restore"),
    path("imports/", imports.import_list, name="imports"),
    path("imports/<int:pk>/", imports.import_detail, name="import_detail"),
    path("imports/<int:pk>/reread/", imports.import_reread, name="import_reread"),
    path("imports/<int:pk>/start/", imports.import_start, name="import_start"),
    path("imports/<int:pk>/discard/", imports.import_discard, name="import_discard"),
    path("imports/<int:pk>/cancel/", imports.import_cancel, name="import_cancel"),
    path("imports/<int:pk>/rejects.csv", imports.import_rejects, name="import_rejects"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/<int:pk>/", jobs.job_detail, name="job"),
    path("jobs/<int:pk>/cancel/", jobs.job_cancel, name="job_cancel"),
    path("jobs/<int:pk>/retry/", jobs.job_retry, name="job_retry"),
    path("alerts/", alerts.alert_list, name="alerts"),
    path("alerts/read/", alerts.alert_read, name="alert_read"),
]
