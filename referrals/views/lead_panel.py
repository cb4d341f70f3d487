from django.http import HttpResponse


def lead_panel(request, *args, **kwargs):
    return HttpResponse("")
