from django.http import HttpResponse


def quarantine_list(request, *args, **kwargs):
    return HttpResponse("")


def quarantine_resolve(request, *args, **kwargs):
    return HttpResponse("")
